// @endo/eventual-send. Both are native (src/engine/handled_promise.h).
const { E: nativeE, HandledPromise: nativeHandledPromise } = globalThis;

export { nativeE as E, nativeHandledPromise as HandledPromise };
