// The global `assert`, as vats under SES know it. A message shows the values in a template only if
// they are quoted: others appear as `(a string)`, since messages travel to other vats. People see
// all of it: the engine keeps the whole text with the error, where no code can read it.
(() => {
  'use strict';
  const { display, annotate, addNote } = native;

  const an = word => ('aeiouAEIOU'.includes(`${word}`[0]) ? `an ${word}` : `a ${word}`);

  // Whether `value` claims to be an instance; whether it is one, a private field tells.
  const claims = (value, Class) =>
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Class.prototype;

  // What quote() and details`` return. Who holds one learns nothing but its toString().
  class Quoted {
    #text;

    constructor(text) {
      this.#text = text;
      Object.freeze(this);
    }

    toString() {
      return this.#text;
    }

    static is(value) {
      if (!claims(value, Quoted)) return false;
      try {
        return typeof value.#text === 'string';
      } catch (_) {
        return false;
      }
    }
  }

  class Details {
    #template;

    #values;

    constructor(template, values) {
      this.#template = template;
      this.#values = values;
      Object.freeze(this);
    }

    #join(show) {
      let text = `${this.#template[0]}`;
      this.#values.forEach((value, i) => {
        text += Quoted.is(value) ? `${value}` : show(value);
        text += `${this.#template[i + 1]}`;
      });
      return text;
    }

    toString() {
      return this.#join(value => (value instanceof Error ? `(${an(value.name)})` : `(${an(typeof value)})`));
    }

    // [what travels, what people see], or undefined if `value` is no Details.
    static texts(value) {
      if (!claims(value, Details)) return undefined;
      try {
        value.#template;
      } catch (_) {
        return undefined;
      }
      return [`${value}`, value.#join(display)];
    }
  }

  const quote = (value, _spaces = undefined) => new Quoted(display(value));
  const bare = (text, spaces = undefined) =>
    typeof text === 'string' && /^[\w:-]( ?[\w:-])*$/.test(text) ? new Quoted(text) : quote(text, spaces);
  const redacted = (template, ...values) => new Details(template, values);
  const unredacted = (template, ...values) =>
    new Details(template, values.map(value => (Quoted.is(value) ? value : quote(value))));

  const textsOf = details => {
    if (typeof details === 'string') return [details, details];
    const texts = Details.texts(details);
    if (texts === undefined) throw TypeError(`unrecognized details ${quote(details)}`);
    return texts;
  };

  const makeError = (
    details = redacted`Assert failed`,
    ErrorConstructor = Error,
    { errorName = undefined, cause = undefined, errors = undefined, sanitize = true } = {},
  ) => {
    const [message, whole] = textsOf(details);
    const options = cause && { cause };
    const error =
      ErrorConstructor === AggregateError
        ? AggregateError(errors || [], message, options)
        : ErrorConstructor(message, options);
    if (errors !== undefined && ErrorConstructor !== AggregateError) {
      Object.defineProperty(error, 'errors', { value: errors, writable: true, configurable: true });
    }
    if (whole !== message) annotate(error, whole);
    if (sanitize) Object.freeze(error);
    return error;
  };

  const note = (error, details) => addNote(error, `; note: ${textsOf(details)[1]}`);

  const makeAssert = (raise = undefined, open = false) => {
    const details = open ? unredacted : redacted;

    const fail = (text = details`Check failed`, ErrorConstructor = undefined, options = undefined) => {
      const reason = makeError(text, ErrorConstructor, options);
      if (raise !== undefined) raise(reason);
      throw reason;
    };

    const Fail = (template, ...values) => fail(details(template, ...values));

    const assert = (condition, text = undefined, ErrorConstructor = undefined, options = undefined) => {
      if (!condition) fail(text, ErrorConstructor, options);
    };

    const equal = (actual, expected, text = undefined, ErrorConstructor = undefined, options = undefined) => {
      if (Object.is(actual, expected)) return;
      fail(text || details`Expected ${actual} is same as ${expected}`, ErrorConstructor || RangeError, options);
    };

    const assertTypeof = (value, type, text = undefined) => {
      if (typeof value === type) return;
      if (typeof type !== 'string') Fail`${quote(type)} must be a string`;
      fail(text === undefined ? details`${value} must be ${bare(an(type))}` : text, TypeError);
    };

    const string = (value, text = undefined) => assertTypeof(value, 'string', text);

    return harden(
      Object.assign(assert, {
        equal,
        typeof: assertTypeof,
        string,
        fail,
        makeError,
        error: makeError,
        note,
        details,
        Fail,
        quote,
        bare,
        makeAssert,
      }),
    );
  };

  harden([Quoted, Details]);
  globalThis.assert = makeAssert();
})();
