// The columns that a file seems to have: the row among its first that has the most cells.

const SEPARATORS = [";", ",", "\t", "|"];

export async function columnsOf(file, encoding) {
  const octets = await file.slice(0, 64_000).arrayBuffer();
  const lines = decoded(octets, encoding).split(/\r\n|\r|\n/).slice(0, 60);
  let best = [];
  for (const line of lines) {
    for (const separator of SEPARATORS) {
      const cells = line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1").trim());
      if (cells.length > best.length) best = cells;
    }
  }
  // Names that hold these signs cannot be told to the server.
  return [...new Set(best)].filter((name) => name && name.length <= 100 && !/[;=\p{Cc}]/u.test(name));
}

function decoded(octets, encoding) {
  const told = { "cp1252": "windows-1252", "cp850": "windows-1252", "mac-roman": "macintosh" }[encoding] || encoding;
  try {
    return new TextDecoder(told || "utf-8", { fatal: !told }).decode(octets);
  } catch {
    return new TextDecoder("windows-1252").decode(octets);
  }
}
