// @endo/marshal: makeMarshal over the codec in C (src/marshal), which calls no JavaScript: slots are
// converted before or after. The names of @endo/pass-style come along as they do in the package.
import { Fail, X, annotateError, q } from '@endo/errors';
import { passStyleOf } from '@endo/pass-style';

export * from '@endo/pass-style';

const { toCapData: encode, fromCapData: decode, capDataSlots: slotsOf } = globalThis.native;

export const QCLASS = '@qclass';

export const makeMarshal = (
  convertValToSlot = value => value,
  convertSlotToVal = (slot, _iface) => slot,
  {
    errorTagging = 'on',
    marshalName = 'anon-marshal',
    errorIdNum = 10000,
    marshalSaveError = error => console.log('Temporary logging of sent error', error),
    serializeBodyFormat = 'capdata',
  } = {},
) => {
  assert.typeof(marshalName, 'string');
  ['on', 'off'].includes(errorTagging) ||
    Fail`The errorTagging option can only be "on" or "off" ${errorTagging}`;
  const isTagging = errorTagging === 'on';

  const saveError = error => {
    errorIdNum += 1;
    annotateError(error, X`Sent as ${q(`error:${marshalName}#${errorIdNum}`)}`);
    marshalSaveError(error);
  };

  const toCapData = root => {
    ['capdata', 'smallcaps'].includes(serializeBodyFormat) ||
      Fail`Unrecognized serializeBodyFormat: ${q(serializeBodyFormat)}`;
    const [body, caps, errors] = encode(
      root,
      serializeBodyFormat,
      isTagging ? marshalName : undefined,
      errorIdNum,
    );
    const slots = caps.map(cap => convertValToSlot(cap));
    if (isTagging) errors.forEach(error => saveError(error));
    return harden({ body, slots });
  };

  const fromCapData = data => {
    const { body, slots } = data;
    typeof body === 'string' || Fail`unserialize() given non-capdata (.body is ${body}, not string)`;
    Array.isArray(slots) || Fail`unserialize() given non-capdata (.slots are not Array)`;
    const mentions = slotsOf(body);
    const values = [];
    for (let i = 0; i < mentions.length; i += 2) {
      values[mentions[i]] = convertSlotToVal(slots[mentions[i]], mentions[i + 1]);
    }
    const value = decode(body, values);
    passStyleOf(value);
    return value;
  };

  return harden({ toCapData, fromCapData, serialize: toCapData, unserialize: fromCapData });
};

// Plain data as text: no slots on either side.
export const stringify = value =>
  makeMarshal(cap => Fail`Marshal's stringify rejects presences and promises ${cap}`, undefined, {
    errorTagging: 'off',
  }).toCapData(value).body;

export const parse = body =>
  makeMarshal(undefined, () => Fail`Marshal's parse must not encode any slots`, {
    errorTagging: 'off',
  }).fromCapData({ body, slots: [] });
