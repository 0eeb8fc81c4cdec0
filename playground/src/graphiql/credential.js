// Who asks, for all tabs: the `authorization` that the server took last. It is kept in the memory of this page alone.
let taken;

// Headers without one of their own get it.
export function show(headers) {
  if (taken && !headers.has('authorization')) headers.set('authorization', taken);
}

// The server answered to these headers.
export function keep(headers) {
  taken = headers.get('authorization') ?? taken;
}

// The server refused these headers. That another one was mistyped is no reason to forget the one that is good.
export function forget(headers) {
  if (headers.get('authorization') === taken) taken = undefined;
}
