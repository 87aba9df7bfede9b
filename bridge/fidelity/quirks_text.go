package fidelity

// textQuirks are those of form text and JSON bodies.
func textQuirks() []Quirk {
	return []Quirk{
		{
			ID: "raw-keys", Class: Keep, Area: AreaText,
			Notices:   "Keys stand unescaped in form text: the key `a&b` reads as two members.",
			Kazoo:     "`{\"a&b\":1}` is `a&b=1`",
			Corrected: "`a%26b=1`; the brackets of nested keys stay",
			Source:    "kz_http_util:encode_kv/4",
		},
		{
			ID: "empty-ampersand", Class: Keep, Area: AreaText,
			Notices:   "An empty object or list leaves no member in form text, but its `&`.",
			Kazoo:     "`{\"a\":1,\"b\":{},\"c\":2}` is `a=1&&c=2`",
			Corrected: "`a=1&c=2`",
			Source:    "kz_http_util:fold_kvs/4",
		},
		{
			ID: "duplicate-first", Class: Keep, Area: AreaText,
			Notices:   "A repeated key is written each time, always with its first value.",
			Kazoo:     "`{\"a\":1,\"b\":2,\"a\":3}` is `a=1&b=2&a=1`",
			Corrected: "the last one, once: `b=2&a=3`",
			Source:    "kz_json:get_values/1",
		},
		{
			ID: "list-object-json", Class: Keep, Area: AreaText,
			Notices:   "An object in a list is JSON text within form text.",
			Kazoo:     "`{\"k\":[{\"b\":1}]}` is `k[]=%7B%22b%22%3A1%7D`",
			Corrected: "`k[0][b]=1`",
			Source:    "kz_http_util:urlencode/2",
		},
		{
			ID: "nested-list-bytes", Class: Keep, Area: AreaText,
			Notices: "A list in a list is joined to one text, and its integers become bytes. Kazoo crashes on what is no byte, and sends nothing.",
			Kazoo: "`{\"k\":[[72,101,\"y\"]]}` is `k[]=Hey`; what is no byte stands as its text " +
				"(`[[1.5]]` is `k[]=1.5`), and the attempt lists this id in `quirks`",
			Corrected: "`k[0][]=72&k[0][]=101&k[0][]=y`",
			Source:    "kz_term:to_binary/1",
		},
		{
			ID: "float-forms", Class: Keep, Area: AreaText,
			Notices:   "A float is printed anew, in one way in form text and in another in JSON.",
			Kazoo:     "`1e6` is `1.0e%2B6` in form text and `1000000.0` in JSON; `1.50` is `1.5`",
			Corrected: "as it came, in both: `1e6`, `1.50`",
			Source:    "kz_mochinum:digits/1; jiffy:encode/2",
		},
		{
			ID: "null-crash", Class: Never, Area: AreaText,
			Notices:   "null outside a list crashes Kazoo's form encoder: that hook and the later ones of the event get nothing.",
			Kazoo:     "the member is sent empty, `inception=`, and the attempt lists this id in `quirks`",
			Corrected: "`inception=`",
			Source:    "kz_http_util:encode_kv/3",
		},
		{
			ID: "key-bytes", Class: Keep, Area: AreaText,
			Notices: "Normalising breaks keys with accented, Greek or Cyrillic letters: their bytes are shifted and are no UTF-8 any more. " +
				"Kazoo crashes when such a key is to be JSON.",
			Kazoo:     "form text has the shifted bytes; in JSON, where they cannot stand, the key keeps its letters, and the attempt lists this id in `quirks`",
			Corrected: "only `A` to `Z` and `-` change",
			Source:    "kz_json:normalize_key/1",
		},
	}
}
