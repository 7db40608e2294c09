// What the drivers have in common: a step that may fail, and an event.

export async function step(test, work) {
  let line = { test, outcome: 'passed' };
  try {
    await work();
  } catch (error) {
    line = { test, outcome: 'failed', said: String(error?.message ?? error) };
  }
  console.log(JSON.stringify(line));
}

export function is(true_, said) {
  if (!true_) throw new Error(said);
}

export function event(uid, start, end, summary, ...more) {
  const lines = [
    'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Tests//Tests//DE', 'BEGIN:VEVENT', `UID:${uid}`,
    'DTSTAMP:20261101T080000Z', `DTSTART:${start}`, `DTEND:${end}`, `SUMMARY:${summary}`, ...more,
    'END:VEVENT', 'END:VCALENDAR', '',
  ];
  return lines.join('\r\n');
}

export function finish() {
  process.exit(0); // what libraries keep open is no reason to wait
}
