// The package's Realtime client speaks TLS only, so that the server stands behind a proxy, as it
// does where it has a name. CERTIFICATES is a folder with a server.key and a server.pem.

import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";

// Resolves to the address of the server behind TLS, and a function that ends it.
export function serve(address) {
  const { hostname, port, pathname } = new URL(address);
  const folder = process.env.CERTIFICATES;
  const [key, cert] = ["key", "pem"].map((name) => readFileSync(`${folder}/server.${name}`));
  const proxy = tls.createServer({ key, cert }, (client) => {
    const server = net.connect(Number(port), hostname);
    client.pipe(server).pipe(client);
    for (const end of [client, server]) {
      end.on("error", () => [client, server].forEach((each) => each.destroy()));
    }
  });
  return new Promise((resolve) => {
    proxy.listen(0, "localhost", () => {
      const url = `https://localhost:${proxy.address().port}${pathname}`;
      resolve({ url, close: () => proxy.close() });
    });
  });
}
