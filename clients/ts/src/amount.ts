// Amounts as people write them: 1.5OPEN. Programs use whole numbers of aopen, of which an OPEN has 10^18.

export const DENOM = "aopen",
  DECIMALS = 18;

const PLACES: Record<string, number> = { open: DECIMALS, aopen: 0, attoopen: 0 };

/** parseAmount reads an amount with its unit as aopen. Only 0 needs no unit. */
export function parseAmount(text: string): bigint {
  const parts = /^([0-9]+)(?:\.([0-9]+))?\s*([a-zA-Z]+)?$/.exec(text.trim());
  if (!parts) throw new SyntaxError(`"${text}" is not an amount: write 1.5OPEN`);
  const whole = parts[1] as string,
    fraction = (parts[2] ?? "").replace(/0+$/, "");
  if (parts[3] === undefined) {
    if (BigInt(whole) !== 0n || fraction)
      throw new SyntaxError(`"${text}" has no unit: write ${text}OPEN, or ${text}aopen`);
    return 0n;
  }
  const places = PLACES[parts[3].toLowerCase()];
  if (places === undefined) throw new SyntaxError(`"${text}": there is no "${parts[3]}" on this chain`);
  if (fraction.length > places) throw new RangeError(`"${text}" is more exact than 1 aopen`);
  return BigInt(whole + fraction.padEnd(places, "0"));
}

/** formatAmount writes aopen as people read it, such as 1.5 OPEN, without rounding. */
export function formatAmount(aopen: bigint): string {
  const digits = aopen.toString().padStart(DECIMALS + 1, "0");
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, "");
  return `${digits.slice(0, -DECIMALS)}${fraction && `.${fraction}`} OPEN`;
}
