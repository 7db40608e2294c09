// Drives ts-caldav through its whole interface, and prints how each step went, a line each.
import { CalDAVClient } from 'ts-caldav';
import { step, is, finish } from './steps.mjs';

const [mount, username, password] = process.argv.slice(2);
const baseUrl = new URL('/', mount).href; // it takes the addresses of calendars to begin there
const auth = { type: 'basic', username, password };
const tenth = (hour) => new Date(Date.UTC(2026, 10, 10, hour));
let client;
let calendar;
let made;

await step('create', async () => {
  client = await CalDAVClient.create({ baseUrl, auth });
  is(client.getCalendarHome(), 'no home');
});
await step('create with the address that people are told', async () => {
  const other = await CalDAVClient.create({ baseUrl: mount, auth });
  is(other.getCalendarHome() === client.getCalendarHome(), other.getCalendarHome());
});
await step('createFromCache', async () => {
  const other = CalDAVClient.createFromCache({ baseUrl, auth }, client.exportCache());
  is((await other.getCalendars()).length > 0, 'no calendars');
});
await step('getCalendars', async () => {
  const found = await client.getCalendars();
  calendar = found.find((one) => one.url.endsWith('/dr-mueller/'));
  is(calendar?.ctag && calendar.supportedComponents.includes('VTODO'), JSON.stringify(found));
});
await step('createEvent', async () => {
  const data = { start: tenth(9), end: tenth(10), summary: 'Kontrolle, Müller', description: 'a\nb; c', location: 'Zimmer 1' };
  made = await client.createEvent(calendar.url, data);
  is(made.etag && made.newCtag !== calendar.ctag, JSON.stringify(made));
});
await step('createEvent with a zone, a rule and an alarm', async () => {
  await client.createEvent(calendar.url, {
    start: tenth(12), end: tenth(13), startTzid: 'Europe/Berlin', endTzid: 'Europe/Berlin', summary: 'Serie',
    recurrenceRule: { freq: 'WEEKLY', count: 3 }, alarms: [{ action: 'DISPLAY', trigger: '-PT15M', description: 'gleich' }],
  });
});
await step('createEvent of a whole day', async () => {
  await client.createEvent(calendar.url, { start: tenth(0), end: new Date(Date.UTC(2026, 10, 11)), wholeDay: true, summary: 'Urlaub' });
});
await step('getEvents', async () => {
  const found = await client.getEvents(calendar.url, { start: tenth(0), end: tenth(23) });
  is(found.length === 3, `${found.length}`);
  const one = found.find((each) => each.uid === made.uid);
  is(one.summary === 'Kontrolle, Müller' && one.description === 'a\nb; c', JSON.stringify(one));
  is(one.start.getTime() === tenth(9).getTime(), `${one.start}`);
});
await step('getEvents, all', async () => {
  is((await client.getEvents(calendar.url, { all: true })).length === 3, 'not three');
});
await step('getEventsByHref', async () => {
  const [one] = await client.getEventsByHref(calendar.url, [made.href]);
  is(one.uid === made.uid, JSON.stringify(one));
});
await step('getETag and getCtag', async () => {
  is((await client.getETag(made.href)).replaceAll('"', '') === made.etag.replaceAll('"', ''), 'another ETag');
  is(await client.getCtag(calendar.url), 'no ctag');
});
await step('updateEvent', async () => {
  const [one] = await client.getEventsByHref(calendar.url, [made.href]);
  const told = await client.updateEvent(calendar.url, { ...one, summary: 'verlegt' });
  is(told.etag !== made.etag, 'the same ETag');
  made = { ...made, etag: told.etag };
});
await step('syncChanges', async () => {
  const before = await client.getEvents(calendar.url, { all: true });
  const ctag = await client.getCtag(calendar.url);
  const nothing = await client.syncChanges(calendar.url, ctag, before);
  is(!nothing.changed, 'changed, though nothing was');
  const added = await client.createEvent(calendar.url, { start: tenth(15), end: tenth(16), summary: 'neu' });
  const told = await client.syncChanges(calendar.url, ctag, before);
  is(told.changed && told.newEvents.length === 1 && told.deletedEvents.length === 0, JSON.stringify(told));
  await client.deleteEvent(calendar.url, added.uid);
});
await step('createTodo, getTodos, updateTodo, deleteTodo', async () => {
  const todo = await client.createTodo(calendar.url, { summary: 'Rezept', due: tenth(17), status: 'NEEDS-ACTION' });
  const [found] = await client.getTodos(calendar.url, { all: true });
  is(found.uid === todo.uid && found.summary === 'Rezept', JSON.stringify(found));
  await client.updateTodo(calendar.url, { ...found, status: 'COMPLETED' });
  const [done] = await client.getTodosByHref(calendar.url, [found.href]);
  is(done.status === 'COMPLETED', JSON.stringify(done));
  await client.deleteTodo(calendar.url, todo.uid);
  is((await client.getTodos(calendar.url, { all: true })).length === 0, 'still there');
});
await step('deleteEvent with an old ETag is refused', async () => {
  let refused = false;
  try {
    await client.deleteEvent(calendar.url, made.uid, '"alt"');
  } catch {
    refused = true;
  }
  is(refused, 'it was deleted');
});
await step('deleteEvent', async () => {
  await client.deleteEvent(calendar.url, made.uid, made.etag);
  is((await client.getEvents(calendar.url, { all: true })).length === 2, 'not two');
});
finish();
