// Sounds that this browser keeps over a reload, in IndexedDB. Where that is forbidden or full, they last
// as long as the page.

const DATABASE = "sounds";
const STORES = ["unsent", "recorded"];
// The newest are kept. An upload has 64 MiB at the most, unless the server is set otherwise.
const MAX_RECORDS = 5;
const MAX_BYTES = 100e6;

const OPEN_MS = 2000; // Safari has been seen never to answer

let opening = null;

export class SoundStore {
  #name;
  #unkept = new Map();

  /** `name`: one of STORES. */
  constructor(name) {
    this.#name = name;
  }

  /** `record`: {id, at, sound, …}. Resolves to the ids of those that had to make room. */
  async put(record) {
    try {
      await this.#run("readwrite", (store) => store.put(record));
    } catch {
      this.#unkept.set(record.id, record);
    }
    return this.#makeRoom();
  }

  /** Resolves to the record, or to undefined. */
  async get(id) {
    return this.#unkept.get(id) ?? this.#run("readonly", (store) => store.get(id)).catch(() => undefined);
  }

  async delete(id) {
    this.#unkept.delete(id);
    await this.#run("readwrite", (store) => store.delete(id)).catch(() => {});
  }

  /** Resolves to all records, the newest first. */
  async list() {
    const kept = await this.#run("readonly", (store) => store.getAll()).catch(() => []);
    return [...kept, ...this.#unkept.values()].sort((one, other) => other.at - one.at);
  }

  async #makeRoom() {
    const records = await this.list();
    let bytes = 0;
    const dropped = records.filter(({ sound }, place) => {
      bytes += sound.size;
      return place > 0 && (place >= MAX_RECORDS || bytes > MAX_BYTES);
    });
    for (const { id } of dropped) await this.delete(id);
    return dropped.map(({ id }) => id);
  }

  async #run(mode, work) {
    opening ??= open();
    const transaction = (await opening).transaction(this.#name, mode);
    const { result } = await settled(work(transaction.objectStore(this.#name)));
    return result;
  }
}

async function open() {
  const request = indexedDB.open(DATABASE, 1);
  request.addEventListener("upgradeneeded", () => {
    for (const name of STORES) request.result.createObjectStore(name, { keyPath: "id" });
  });
  const silence = new Promise((_, reject) => setTimeout(reject, OPEN_MS));
  return (await Promise.race([settled(request), silence])).result;
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request));
    request.addEventListener("error", () => reject(request.error));
  });
}
