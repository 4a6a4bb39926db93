// Reads streams as lists of base64 pieces, one list a line of JSON, and writes what npm's
// eventsource-parser tells of each, one line each.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { createParser } = await import(pathToFileURL(process.argv[2]));
const trimmed = (text) => text.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "");

for await (const line of createInterface({ input: process.stdin })) {
  const told = [];
  let retry = null;
  const parser = createParser({
    onEvent: (event) => told.push([event.event ?? "message", event.data, event.id ?? null]),
    onComment: (text) => told.push([":", trimmed(text), null]),
    onRetry: (milliseconds) => (retry = milliseconds),
  });
  const decoder = new TextDecoder();
  for (const piece of JSON.parse(line)) {
    parser.feed(decoder.decode(Buffer.from(piece, "base64"), { stream: true }));
  }
  process.stdout.write(JSON.stringify({ told, retry }) + "\n");
}
