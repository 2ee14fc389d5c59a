package people

import (
	"strings"
	"testing"
)

var adas = []string{"Ada Lovelace", "Ada", "ada.lovelace@engine.example", "Lantern Key", "https://id.lanternkey.example"}

func TestWhatIsTriedFirstIsRefused(t *testing.T) {
	for _, password := range []string{
		"aaaaaaaaaaaa", strings.Repeat("ä", 40), "            ", "abcdefghijkl", "zyxwvutsrqponm", "123456789012", "987654321098",
		"qwertyuiop12", "qwertzuiopü1", "poiuytrewq12", "1q2w3e4r5t6y", "1qaz2wsx3edc", "asdfghjkl;12", "!@#$%^&*()12", "qazwsxedcrfv",
		"passwordpassword", "PasswordPassword1", "password1234", "P@ssw0rd1234", "p4$$w0rd2024!", "letmeinletmein", "iloveyou2024", "Welcome2024!!!",
		"Summer2024Summer", "monkeydragon1987", "footballfootball", "trustno1trustno1", "xkcdxkcdxkcd", "abcabcabcabcabc", "12ab12ab12ab",
		"adalovelace1", "AdaLovelace1815", "lovelace-1987", "ada.lovelace", "lanternkey123", "LanternKey2026!", "engineengine", "id.lanternkey.example",
		"changeme123456", "administrator1", "correctcorrect",
	} {
		if !guessed(password, adas) {
			t.Errorf("%q is taken", password)
		}
	}
}

// No rule says what a password is made of: letters alone are good, digits alone too.
func TestWhatIsNotExpectedIsTaken(t *testing.T) {
	for _, password := range []string{
		"salt roads and bees in winter", "learning to sail at sixty", "correct horse battery staple", "moorhen calico lathe",
		"482910573625", "kvzqpwnhtrbd", "Tr0ub4dor&3xyz", "übermäßig schöne Gärten", "秘密は誰にも言わないでください", "x9Qp-kd3f-77Lm", "blue-monkey-2024-lathe",
		"adalovelacewrotethefirst", "my password is a whole sentence",
	} {
		if guessed(password, adas) {
			t.Errorf("%q is refused", password)
		}
	}
	if guessed("moorhencalico", nil) || !guessed("moorhencalico", []string{"moorhen@calico.example"}) {
		t.Error("whose it is makes no difference")
	}
}

// The longest password costs much less to judge than to hash.
func BenchmarkGuessed(b *testing.B) {
	for _, unit := range []string{"a", "password", "x9Qpkd3f77Lmvzt0", "1q2w3e4r5t6y"} {
		b.Run(unit, func(b *testing.B) {
			long := strings.Repeat(unit, MaxPassword/len(unit))
			for b.Loop() {
				guessed(long, adas)
			}
		})
	}
}

func FuzzGuessed(f *testing.F) {
	f.Add("P@ssw0rd2024", "Ada Lovelace")
	f.Add("\xff\x00é", "")
	f.Fuzz(func(t *testing.T, password, own string) {
		if len(password) > MaxPassword || len(own) > MaxPassword {
			return
		}
		// A password with something unexpected behind it is no easier to guess.
		if !guessed(password, []string{own}) && guessed(password+"\uE000\uE013\uE007", []string{own}) {
			t.Errorf("%q is harder to guess than with more behind it", password)
		}
	})
}
