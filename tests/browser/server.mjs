// Starts the server that TENSORGATE_SERVER names; it prints its port and ends with its standard input.
import { spawn } from "node:child_process";
import { once } from "node:events";

export const start = async () => {
  const program = process.env.TENSORGATE_SERVER;
  if (!program) throw new Error("TENSORGATE_SERVER names no program");
  const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  return {
    base: `http://127.0.0.1:${Number(line)}`,
    stop: async () => {
      const ended = once(child, "exit");
      child.stdin.end();
      await ended;
    },
  };
};
