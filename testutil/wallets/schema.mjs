// The messages of OpenLedger, read from proto/ at run time: their protobuf encoding, and their amino JSON by the rules that every
// wallet follows. Nothing here shares code with the chain.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const ours = path("../../proto");
const folders = [ours, path("../../third_party/proto"), dirname(fileURLToPath(import.meta.resolve("protobufjs/package.json")))];

const root = new protobuf.Root();
root.resolvePath = (_origin, name) => folders.map((folder) => join(folder, name)).find(existsSync);
root.loadSync(
  readdirSync(ours, { recursive: true }).filter((name) => name.endsWith(".proto")),
  { keepCase: true },
);
root.resolveAll();

/** lookup returns the type of a type URL. */
export const lookup = (typeUrl) => root.lookupType(typeUrl.replace(/^\//, ""));

/** aminoName is what stands as "type" in a sign document. */
export const aminoName = (type) => type.options["(amino.name)"];

const zero = (value) =>
  value === undefined || value === null || value === "" || value === false || value === 0 || value?.length === 0 ||
  (typeof value === "object" && value?.isZero?.());

/** amino turns a decoded message into the value of a sign document. */
export function amino(type, message) {
  if (type.fullName === ".google.protobuf.Timestamp") {
    const nanos = String(message.nanos ?? 0).padStart(9, "0").replace(/0+$/, "");
    const seconds = new Date(Number(message.seconds ?? 0) * 1000).toISOString().slice(0, 19);
    return nanos ? `${seconds}.${nanos}Z` : `${seconds}Z`;
  }
  if (type.fullName === ".google.protobuf.Duration") {
    return (BigInt(message.seconds ?? 0) * 1_000_000_000n + BigInt(message.nanos ?? 0)).toString();
  }
  const json = {};
  for (const field of type.fieldsArray) {
    const present = Object.hasOwn(message, field.name) ? message[field.name] : undefined;
    if (field.repeated) {
      if (present?.length) json[field.name] = present.map((value) => single(field, value));
    } else if (field.resolvedType instanceof protobuf.Type ? present : !zero(present)) {
      json[field.name] = single(field, present);
    } else if (field.options?.["(amino.dont_omitempty)"]) {
      json[field.name] = single(field, field.resolvedType instanceof protobuf.Type ? {} : field.defaultValue);
    }
  }
  return json;
}

function single(field, value) {
  if (field.resolvedType instanceof protobuf.Type) return amino(field.resolvedType, value);
  if (field.resolvedType) return value;
  if (field.type === "bytes") return Buffer.from(value).toString("base64");
  if (/64$/.test(field.type)) return value.toString();
  if (field.options?.["(cosmos_proto.scalar)"] === "cosmos.Int" && value === "") return "0";
  return value;
}

/** parse is the inverse of amino: the message that protobufjs encodes. */
export function parse(type, json) {
  if (type.fullName === ".google.protobuf.Timestamp") {
    const [, seconds, fraction = ""] = json.match(/^([^.]*?)(?:\.(\d+))?Z$/);
    return { seconds: Date.parse(`${seconds}Z`) / 1000, nanos: Number(fraction.padEnd(9, "0")) };
  }
  if (type.fullName === ".google.protobuf.Duration") {
    const nanos = BigInt(json);
    return { seconds: (nanos / 1_000_000_000n).toString(), nanos: Number(nanos % 1_000_000_000n) };
  }
  const value = (field, one) => {
    if (field.resolvedType instanceof protobuf.Type) return parse(field.resolvedType, one);
    return field.type === "bytes" ? Buffer.from(one, "base64") : one;
  };
  const message = {};
  for (const [name, one] of Object.entries(json)) {
    const field = type.fields[name];
    message[name] = field.repeated ? one.map((each) => value(field, each)) : value(field, one);
  }
  return type.fromObject(message);
}

/** converter is what AminoTypes of CosmJS asks of a message. */
export const converter = (type) => ({
  aminoType: aminoName(type),
  toAmino: (message) => amino(type, type.fromObject(message)),
  fromAmino: (json) => parse(type, json),
});
