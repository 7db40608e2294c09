// Drives tsdav as a calendar application does, and prints how each step went, a line each.
import { createDAVClient, getBasicAuthHeaders, DAVNamespaceShort } from 'tsdav';
import { event, step, is, finish } from './steps.mjs';

const [serverUrl, username, password] = process.argv.slice(2);
let client;
let calendars;
let calendar;

const objects = (more = {}) => client.fetchCalendarObjects({ calendar, ...more });

await step('login', async () => {
  client = await createDAVClient({
    serverUrl,
    credentials: { username, password },
    authMethod: 'Basic',
    defaultAccountType: 'caldav',
  });
});
await step('login by the well-known address', async () => {
  const again = await createDAVClient({
    serverUrl: new URL('/', serverUrl).href,
    credentials: { username, password },
    authMethod: 'Basic',
    defaultAccountType: 'caldav',
  });
  is((await again.fetchCalendars()).length > 0, 'no calendars');
});
await step('a wrong password is refused', async () => {
  let refused = false;
  try {
    const wrong = { username, password: 'falsch' };
    await createDAVClient({ serverUrl, credentials: wrong, authMethod: 'Basic', defaultAccountType: 'caldav' });
  } catch {
    refused = true;
  }
  is(refused, 'it was let in');
});
await step('makeCalendar', async () => {
  const url = new URL('calendars/tsdav-Test_1/', serverUrl).href;
  await client.makeCalendar({ url, props: { [`${DAVNamespaceShort.DAV}:displayname`]: 'Böse & <gut>' } });
  const found = (await client.fetchCalendars()).find((one) => one.url === url);
  is(found, 'it is not in the home');
  is(found.displayName === 'Böse & <gut>', `it is called ${found.displayName}`);
});
await step('fetchCalendars', async () => {
  calendars = await client.fetchCalendars();
  calendar = calendars.find((one) => one.url.endsWith('/tsdav-Test_1/'));
  is(calendar.ctag && calendar.syncToken && calendar.components.includes('VEVENT'), JSON.stringify(calendar));
  is(calendar.reports.includes('syncCollection'), calendar.reports.join());
});
await step('createCalendarObject', async () => {
  for (const n of [1, 2, 3]) {
    const made = await client.createCalendarObject({
      calendar,
      filename: `termin ${n}.ics`.replace(' ', '-'),
      iCalString: event(`ts-${n}`, `2026112${n}T100000Z`, `2026112${n}T110000Z`, `Müller ${n}`),
    });
    is(made.status === 201, `${made.status}`);
    is(made.headers.get('etag'), 'no ETag');
  }
});
await step('creating twice is refused', async () => {
  const again = await client.createCalendarObject({
    calendar,
    filename: 'termin-1.ics',
    iCalString: event('ts-1', '20261121T100000Z', '20261121T110000Z', 'noch einmal'),
  });
  is(again.status === 412, `${again.status}`);
});
await step('fetchCalendarObjects', async () => {
  const found = await objects();
  is(found.length === 3, `${found.length}`);
  is(found.every((one) => one.etag && one.data.includes('Müller')), 'no ETag or text');
});
await step('fetchCalendarObjects without multiget', async () => {
  const found = await objects({ useMultiGet: false });
  is(found.length === 3 && found.every((one) => one.data), `${found.length}`);
});
await step('fetchCalendarObjects in a range of time', async () => {
  const timeRange = { start: '2026-11-22T00:00:00Z', end: '2026-11-23T00:00:00Z' };
  const found = await objects({ timeRange });
  is(found.length === 1 && found[0].url.endsWith('termin-2.ics'), `${found.length}`);
});
await step('fetchCalendarObjects with expand', async () => {
  const rule = 'RRULE:FREQ=DAILY;COUNT=5';
  await client.createCalendarObject({
    calendar,
    filename: 'serie.ics',
    iCalString: event('ts-serie', '20261201T100000Z', '20261201T110000Z', 'Serie', rule),
  });
  const timeRange = { start: '2026-12-02T00:00:00Z', end: '2026-12-04T00:00:00Z' };
  const found = await objects({ timeRange, expand: true });
  is(found.length === 1, `${found.length}`);
  is(found[0].data.match(/BEGIN:VEVENT/g).length === 2 && !found[0].data.includes('RRULE'), found[0].data);
});
await step('calendarMultiGet', async () => {
  const found = await client.calendarMultiGet({
    url: calendar.url,
    props: { 'd:getetag': {}, 'c:calendar-data': {} },
    objectUrls: ['termin-1.ics', 'termin-2.ics'].map((name) => new URL(name, calendar.url).pathname),
    depth: '1',
  });
  is(found.length === 2 && found.every((one) => one.props.calendarData), JSON.stringify(found));
});
await step('calendarQuery for text', async () => {
  const found = await client.calendarQuery({
    url: calendar.url,
    props: { 'd:getetag': {} },
    depth: '1',
    filters: {
      'comp-filter': {
        _attributes: { name: 'VCALENDAR' },
        'comp-filter': {
          _attributes: { name: 'VEVENT' },
          'prop-filter': { _attributes: { name: 'SUMMARY' }, 'text-match': { _text: 'müller 3' } },
        },
      },
    },
  });
  is(found.length === 1, `${found.length}`);
});
await step('updateCalendarObject', async () => {
  const [found] = await objects({ objectUrls: [new URL('termin-1.ics', calendar.url).pathname] });
  const changed = { ...found, data: found.data.replace('Müller 1', 'verlegt') };
  is((await client.updateCalendarObject({ calendarObject: changed })).status === 204, 'not taken');
  is((await client.updateCalendarObject({ calendarObject: changed })).status === 412, 'taken twice');
});
await step('isCollectionDirty', async () => {
  const told = await client.isCollectionDirty({ collection: calendar });
  is(told.isDirty && told.newCtag !== calendar.ctag, JSON.stringify(told));
});
await step('syncCollection', async () => {
  const found = await client.syncCollection({
    url: calendar.url,
    props: { 'd:getetag': {} },
    syncLevel: 1,
    syncToken: calendar.syncToken,
  });
  is(found.filter((one) => one.href?.endsWith('.ics')).length === 4, JSON.stringify(found.map((one) => one.href)));
});
await step('smartCollectionSync by sync-token', async () => {
  const before = await objects();
  const [fresh] = (await client.fetchCalendars()).filter((one) => one.url === calendar.url);
  await client.deleteCalendarObject({ calendarObject: before.find((one) => one.url.endsWith('termin-3.ics')) });
  const iCalString = event('ts-9', '20261129T100000Z', '20261129T110000Z', 'neu');
  await client.createCalendarObject({ calendar, filename: 'termin-9.ics', iCalString });
  const told = await client.smartCollectionSync({
    collection: { ...fresh, objects: before, objectMultiGet: client.calendarMultiGet },
    method: 'webdav',
    detailedResult: true,
  });
  const { created, deleted } = told.objects;
  is(created.length === 1 && deleted.length === 1, JSON.stringify([created.length, deleted.length]));
});
await step('syncCalendars', async () => {
  const told = await client.syncCalendars({ oldCalendars: calendars.slice(1), detailedResult: true });
  is(told.created.length === 1, JSON.stringify(Object.keys(told)));
});
await step('freeBusyQuery', async () => {
  const timeRange = { start: '2026-11-20T00:00:00Z', end: '2026-11-30T00:00:00Z' };
  const told = await client.freeBusyQuery({ url: calendar.url, timeRange });
  const text = typeof told.raw === 'string' ? told.raw : JSON.stringify(told);
  is(text.includes('FREEBUSY') && text.includes('20261121T100000Z'), text.slice(0, 300));
});
await step('fetchCalendarUserAddresses', async () => {
  const account = await client.createAccount({ account: { serverUrl, accountType: 'caldav' } });
  const told = await client.fetchCalendarUserAddresses({ account });
  is(told.some((one) => one.startsWith('mailto:')), told.join());
});
await step('supportedReportSet', async () => {
  const told = await client.supportedReportSet({ collection: calendar });
  is(['calendarQuery', 'calendarMultiget', 'freeBusyQuery'].every((one) => told.includes(one)), told.join());
});
await step('deleteCalendarObject', async () => {
  const [found] = await objects({ objectUrls: [new URL('termin-2.ics', calendar.url).pathname] });
  is((await client.deleteCalendarObject({ calendarObject: { ...found, etag: '"alt"' } })).status === 412, 'an old ETag');
  is((await client.deleteCalendarObject({ calendarObject: found })).status === 204, 'not deleted');
});
await step('deleteObject of a calendar', async () => {
  is((await client.deleteObject({ url: calendar.url })).status === 204, 'not deleted');
  is(!(await client.fetchCalendars()).some((one) => one.url === calendar.url), 'it is still there');
});
await step('getBasicAuthHeaders with an umlaut', async () => {
  const headers = getBasicAuthHeaders({ username: 'müller', password });
  const answer = await fetch(serverUrl, { method: 'PROPFIND', headers: { ...headers, depth: '0' } });
  is(answer.status === 401, `${answer.status}`);
});
finish();
