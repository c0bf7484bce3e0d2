clock(4);
const data = harden({ a: { b: 5 }, list: [7, 8] });
show('a.b', E.get(E.get(data).a).b);
show('item', E.get(E.get(data).list)[1]);
show('missing', E.get(data).nothing);
show('length', E.get('four').length);
show('static', HandledPromise.get(data, 'a'));
