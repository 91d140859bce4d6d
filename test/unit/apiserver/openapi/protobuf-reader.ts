/** Reads protobuf without knowing its messages: field numbers and bytes, so that a test finds by number what was written. */
export interface ReadMessage {
  text(field: number): string | undefined;
  texts(field: number): string[];
  message(field: number): ReadMessage | undefined;
  messages(field: number): ReadMessage[];
  /** Of a repeated message of name (1) and value (2). */
  namedHere(field: number): Map<string, ReadMessage>;
  /** The same, in the message that `field` is. */
  named(field: number, inner: number): Map<string, ReadMessage>;
}

export function fieldsIn(bytes: Buffer): ReadMessage {
  const fields = new Map<number, Buffer[]>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const length = varint();
    const [field, wireType] = [tag >>> 3, tag & 7];
    if (wireType === 0) continue;
    if (wireType !== 2) throw new Error(`field ${field} has wire type ${wireType}`);
    if (at + length > bytes.length) throw new Error(`field ${field} goes beyond its message`);
    fields.set(field, [...(fields.get(field) ?? []), bytes.subarray(at, at + length)]);
    at += length;
  }
  const all = (field: number) => fields.get(field) ?? [];
  const messages = (field: number) => all(field).map(fieldsIn);
  const namedHere = (field: number) =>
    new Map(messages(field).map((each) => [each.text(1) ?? '', each.message(2) ?? fieldsIn(Buffer.alloc(0))] as const));
  return {
    text: (field) => all(field)[0]?.toString(),
    texts: (field) => all(field).map((each) => each.toString()),
    message: (field) => messages(field)[0],
    messages,
    namedHere,
    named: (field, inner) => messages(field)[0]?.namedHere(inner) ?? new Map<string, ReadMessage>(),
  };
}
