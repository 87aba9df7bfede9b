package client

import "testing"

func TestAddressesAsInetAtonReadsThem(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1": "127.0.0.1", "127.1": "127.0.0.1", "2130706433": "127.0.0.1", "0x7f000001": "127.0.0.1", "0177.0.0.1": "127.0.0.1",
		"10.258": "10.0.1.2", "1.2.3.4.5": "", "256.1": "", "1.2.3.256": "", "4294967296": "", "": "", "h.test": "", "1..2": "", "-1": "",
	} {
		got, ok := aton(text)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%q: got %v, %v, want %q", text, got, ok, want)
		}
	}
}
