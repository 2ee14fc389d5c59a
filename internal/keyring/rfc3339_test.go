package keyring

import (
	"testing"
	"time"
)

// Package time also takes a comma before the fraction, more of its digits, hours of
// one digit, and zones of 24 hours or with 60 minutes, which are no RFC 3339.
func TestTimesAreThoseOfPackageTime(t *testing.T) {
	for _, s := range []string{
		"2027-02-25T10:00:00Z", "2027-02-25T10:00:00.5Z", "2027-02-25T10:00:00.123456789Z", "2027-02-25T10:00:00.000000001+02:00",
		"2028-02-29T23:59:59-11:30", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2027-02-25T10:00:00.50Z",
		"", "Z", "2027-02-25", "2027-02-25T10:00:00", "2027-02-29T10:00:00Z", "2027-00-25T10:00:00Z", "2027-13-25T10:00:00Z", "2027-02-00T10:00:00Z",
		"2027-02-25T24:00:00Z", "2027-02-25T10:60:00Z", "2027-02-25T10:00:60Z", "2027-02-25t10:00:00Z", "2027-02-25T10:00:00z", "2027-02-25 10:00:00Z",
		"2027-2-25T10:00:00Z", "2027-02-25T10:00:00.Z", "2027-02-25T10:00:00+2:00", "2027-02-25T10:00:00+0200",
		"2027-02-25T10:00:00ZZ", "+027-02-25T10:00:00Z", "2027-02-25T10:00:0xZ", "2027/02/25T10:00:00Z",
	} {
		want, err := time.Parse(time.RFC3339, s)
		got, ok := readTime(s)
		if ok != (err == nil) || ok && !got.Equal(want) {
			t.Errorf("%q: %v, %v; want %v, %v", s, got, ok, want, err)
		}
		if ok && stamp(got) != want.UTC().Format(time.RFC3339Nano) {
			t.Errorf("%q was written as %q", s, stamp(got))
		}
	}
	for _, s := range []string{"2027-02-25T10:00:00,5Z", "2027-02-25T10:00:00.1234567890Z", "2027-02-25T1:00:00Z", "2027-02-25T10:00:00+02:60", "2027-02-25T10:00:00+24:00"} {
		if got, ok := readTime(s); ok {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func FuzzTime(f *testing.F) {
	f.Add("2027-02-25T10:00:00.5+02:00", int64(1_800_000_000), int64(5))
	f.Fuzz(func(t *testing.T, s string, seconds, ns int64) {
		if got, ok := readTime(s); ok {
			if want, err := time.Parse(time.RFC3339, s); err != nil || !got.Equal(want) {
				t.Errorf("%q: %v; want %v, %v", s, got, want, err)
			}
		}
		at := time.Unix(seconds%253_402_300_799, ns%1_000_000_000)
		if at.Unix() < 0 {
			return
		}
		text := stamp(at)
		if again, ok := readTime(text); text != at.UTC().Format(time.RFC3339Nano) || !ok || !again.Equal(at) {
			t.Errorf("%v was written as %q and read as %v", at, text, again)
		}
	})
}
