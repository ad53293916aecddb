// SPDX-License-Identifier: GPL-2.0-or-later
/* The host of the procedure in a virtual machine, and commands on it. */
import { spawn } from "node:child_process";
import { createConnection } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { TOP, freePort, holds, until } from "./browser.mjs";

const BOOT = 300;

export class Machine {
  static async start() {
    const machine = new Machine();
    machine.port = await freePort();
    machine.control = await freePort();
    machine.url = `http://127.0.0.1:${machine.port}`;
    const ports = [machine.port, machine.control].map(String);
    const command = ["--kernel", process.env.MSEG_KERNEL ?? "6.12", "--quiet", "--memory", "1536", "--timeout", "1500", ...ports.flatMap((port) => ["--forward", port]), "--", "tests/console/guest", ...ports];
    machine.process = spawn(join(TOP, "tests/vm/run"), command, { cwd: TOP, stdio: ["ignore", "inherit", "inherit"] });
    machine.process.on("exit", (status) => (machine.ended = `the machine ended: ${status}`));
    await until("the machine", async () => {
      holds(!machine.ended, machine.ended);
      return machine.run("true").then(
        () => true,
        () => false,
      );
    }, BOOT);
    return machine;
  }

  /** A command on the host; what it wrote, or an error where it fails. */
  async run(...words) {
    const answer = await this.attempt(...words);
    holds(answer.status === 0, `${words.join(" ")}: status ${answer.status}: ${answer.stderr}${answer.stdout}`);
    return answer.stdout;
  }

  /** The same, whatever becomes of it. */
  attempt(...words) {
    return new Promise((resolve, reject) => {
      const socket = createConnection(this.control, "127.0.0.1");
      const lines = createInterface({ input: socket });
      lines.on("error", reject);
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("the machine does not answer")));
      lines.once("line", (line) => {
        resolve(JSON.parse(line));
        socket.destroy();
      });
      socket.write(`${JSON.stringify(words)}\n`);
    });
  }

  async mctl(...args) {
    return JSON.parse(await this.run("mctl", "-o", "json", ...args));
  }

  async api(path) {
    return JSON.parse(await this.run("curl", "-sS", "--unix-socket", "/run/mseg/api.sock", `http://mseg/v1/${path}`));
  }

  /** How far the host's clock is ahead of this machine's, in milliseconds. */
  async offset() {
    const began = Date.now();
    const { time } = await this.attempt("true");
    return time * 1000 - (began + Date.now()) / 2;
  }

  async now() {
    return Date.now() + (await this.offset());
  }

  /** One exchange each of what tests/e2e/host knows. */
  traffic(...names) {
    return this.run("tests/e2e/host", "traffic", ...names);
  }

  /** What becomes of a connection: passes, refused, not permitted, lost. */
  async probe(kind, from, address, port) {
    return (await this.run("tests/console/probe", kind, from, address, String(port))).trim();
  }

  async link() {
    const [link] = (await this.run("mctl", "console", "login", "--print")).match(/http:\S+#\S+/) ?? [];
    holds(link, "mctl console login prints no link");
    return link;
  }

  stop() {
    this.process.kill();
  }
}
