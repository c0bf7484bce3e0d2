// The globals TextEncoder, TextDecoder (UTF-8 only) and Base64.
(() => {
  'use strict';
  const { encodeUtf8, decodeUtf8, utf8Tail, encodeBase64, decodeBase64 } = native;

  // A Uint8Array over the bytes of any buffer or view.
  const bytesOf = source => {
    if (ArrayBuffer.isView(source)) {
      return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    }
    return new Uint8Array(source);
  };

  const sizeOf = character => {
    const code = character.codePointAt(0);
    if (code < 0x80) return 1;
    if (code < 0x800) return 2;
    return code < 0x10000 ? 3 : 4;
  };

  class TextEncoder {
    get encoding() {
      return 'utf-8';
    }

    encode(text = '') {
      return new Uint8Array(encodeUtf8(`${text}`));
    }

    encodeInto(text, target) {
      let read = 0;
      let written = 0;
      for (const character of `${text}`) {
        if (written + sizeOf(character) > target.length) break;
        target.set(new Uint8Array(encodeUtf8(character)), written);
        read += character.length;
        written += sizeOf(character);
      }
      return { read, written };
    }
  }

  class TextDecoder {
    #fatal;

    #ignoreBOM;

    #rest = new Uint8Array(0); // the beginning of a character, while streaming

    #begun = false; // a byte order mark counts at the start only

    constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
      if (!/^\s*(unicode-1-1-)?utf-?8\s*$/i.test(label)) {
        throw RangeError(`unsupported encoding ${label}`);
      }
      this.#fatal = !!fatal;
      this.#ignoreBOM = !!ignoreBOM;
    }

    get encoding() {
      return 'utf-8';
    }

    get fatal() {
      return this.#fatal;
    }

    get ignoreBOM() {
      return this.#ignoreBOM;
    }

    decode(source = new Uint8Array(0), { stream = false } = {}) {
      let bytes = bytesOf(source);
      if (this.#rest.length > 0) {
        const joined = new Uint8Array(this.#rest.length + bytes.length);
        joined.set(this.#rest);
        joined.set(bytes, this.#rest.length);
        bytes = joined;
      }
      const size = stream ? bytes.length - utf8Tail(bytes) : bytes.length;
      this.#rest = bytes.slice(size);
      let text = decodeUtf8(bytes.subarray(0, size), this.#fatal);
      if (!this.#begun && !this.#ignoreBOM && text[0] === '\uFEFF') text = text.slice(1);
      this.#begun = stream && (this.#begun || size > 0);
      return text;
    }
  }

  const Base64 = {
    encode: data => encodeBase64(typeof data === 'string' ? new Uint8Array(encodeUtf8(data)) : bytesOf(data)),
    decode: text => decodeBase64(`${text}`),
  };

  Object.assign(globalThis, { TextEncoder, TextDecoder, Base64 });
})();
