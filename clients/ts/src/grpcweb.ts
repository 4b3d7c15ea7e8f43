// Calls of a node over gRPC-web: one request, one response.
import {
  create,
  fromBinary,
  toBinary,
  type DescMethod,
  type DescService,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { bigEndian, concat } from "./bytes.js";

/** Client has a function for each method of a service. */
export type Client<S extends DescService> = {
  [M in keyof S["method"]]: (
    input: MessageInitShape<S["method"][M]["input"]>,
  ) => Promise<MessageShape<S["method"][M]["output"]>>;
};

/** NodeError is an error that a node returned. Its code is that of gRPC: 5 means not found. */
export class NodeError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

const TRAILERS = 0x80,
  UNKNOWN = 2,
  UNAVAILABLE = 14;

/** createClient returns a client of a service at a node, such as http://127.0.0.1:1317. */
export function createClient<S extends DescService>(
  service: S,
  node: string,
  fetch = globalThis.fetch.bind(globalThis),
): Client<S> {
  const methods = service.methods.map((method) => [
    method.localName,
    (input: Record<string, unknown>) => call(node, method, input, fetch),
  ]);
  return Object.fromEntries(methods) as Client<S>;
}

async function call(
  node: string,
  method: DescMethod,
  input: Record<string, unknown>,
  fetch: typeof globalThis.fetch,
): Promise<unknown> {
  const message = toBinary(method.input, create(method.input, input));
  const response = await fetch(`${node.replace(/\/+$/, "")}/${method.parent.typeName}/${method.name}`, {
    method: "POST",
    headers: { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
    body: concat(Uint8Array.of(0), bigEndian(message.length, 4), message),
  });
  if (!response.ok) throw new NodeError(UNAVAILABLE, `${node}: ${response.status} ${response.statusText}`);
  check(response.headers.get("grpc-status"), response.headers.get("grpc-message"));
  const body = new Uint8Array(await response.arrayBuffer()),
    view = new DataView(body.buffer);
  let output: Uint8Array | undefined, status: string | undefined;
  for (let at = 0; at + 5 <= body.length;) {
    const end = at + 5 + view.getUint32(at + 1),
      content = body.subarray(at + 5, end);
    if (body[at] === TRAILERS) {
      const trailers = new Map(
        new TextDecoder()
          .decode(content)
          .trim()
          .split("\r\n")
          .map((line) => {
            const [name = "", ...value] = line.split(":");
            return [name.trim().toLowerCase(), value.join(":").trim()];
          }),
      );
      status = trailers.get("grpc-status");
      check(status, trailers.get("grpc-message"));
    } else output = content;
    at = end;
  }
  if (!output || (status === undefined && !response.headers.has("grpc-status"))) {
    throw new NodeError(UNKNOWN, `${node} does not answer in gRPC-web`);
  }
  return fromBinary(method.output, output);
}

function check(status: string | null | undefined, message: string | null | undefined): void {
  if (status == null || status === "0") return;
  throw new NodeError(Number(status), decodeURIComponent(message ?? ""));
}
