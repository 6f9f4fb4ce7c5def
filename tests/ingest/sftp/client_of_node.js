// PORT KEY SCRIPT: does the script's lines as account acme; `half` destroys the stream after so many bytes.
const fs = require("fs");
const Client = require("ssh2-sftp-client");

const [port, key, script] = process.argv.slice(2);
const client = new Client();

function half(local, remote, limit) {
  return new Promise((resolve) => {
    const target = client.createWriteStream(remote);
    const source = fs.createReadStream(local, { end: limit - 1 });
    source.on("end", () => target.destroy());
    target.on("close", resolve);
    target.on("error", resolve);
    source.pipe(target, { end: false });
  });
}

const does = {
  put: (local, remote) => client.put(local, remote),
  fast: (local, remote) => client.fastPut(local, remote),
  half: (local, remote, limit) => half(local, remote, Number(limit)),
  resume: async (local, remote) => {
    const { size } = await client.stat(remote);
    await client.append(fs.createReadStream(local, { start: size }), remote);
  },
  rename: (from, to) => client.rename(from, to),
  list: async (folder) => (await client.list(folder)).forEach((entry) => console.log(entry.name)),
  get: (remote, local) => client.get(remote, local),
  delete: (remote) => client.delete(remote),
};

async function main() {
  await client.connect({ host: "127.0.0.1", port: Number(port), username: "acme", privateKey: fs.readFileSync(key) });
  for (const line of fs.readFileSync(script, "utf8").trim().split("\n")) {
    const [step, ...words] = line.split(" ");
    await does[step](...words);
  }
  await client.end();
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
