// Makes the calls of a client, and tells of each in a line of JSON, as tests/clients/calls.py does.

const LIMIT_MS = 90_000;

export async function run(client, calls) {
  const chosen = process.argv.slice(2);
  for (const { call, make } of calls) {
    if (chosen.length && !chosen.some((each) => call.includes(each))) continue;
    const error = await failure(make);
    process.stdout.write(JSON.stringify({ client, call, gap: "", error }) + "\n");
  }
}

async function failure(make) {
  let clock;
  const late = new Promise((_, reject) => {
    clock = setTimeout(() => reject(new Error(`no answer within ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    await Promise.race([make(), late]);
    return null;
  } catch (error) {
    console.error(error);
    return `${error.name}: ${error.message}`;
  } finally {
    clearTimeout(clock);
  }
}
