package people

import (
	"strings"
	"unicode"
)

// NIST SP 800-63B-4 section 3.1.1.2 wants a chosen password held against a list of
// those that are common, expected or compromised, and no rules about which characters
// it is made of. A list of what was stolen is another's and megabytes; what stands
// here is what such lists begin with, by its making: words that people choose, names
// that stand on the form, years, runs of the alphabet and the keyboard, and what was
// typed before, in a row. The limit of guesses (limit.SignIns) is what the rest relies
// on: some 1,500 a year for an account.

// mostGuessed is of how many pieces a password is at most that is among the first to
// be guessed. A piece is one such word or run, or a character that is in none.
const mostGuessed = 5

// commonWords are what people make passwords of: the words for it, for coming in, for
// love, heroes, animals, sports and the time of year. They were written down here, and
// taken from no list.
var commonWords = strings.Fields(`
	password passwort passwd pass word secret geheim login logon admin administrator root
	user guest test testing default change changeme letmein let in open enter access
	welcome willkommen hello hallo please master trust trustno whatever nothing
	superman batman spiderman starwars pokemon hunter killer ninja wizard legend
	dragon monkey tiger lion eagle bear wolf panda kitty puppy horse turtle butterfly
	sunshine sunny summer winter spring autumn flower rainbow chocolate cookie cheese
	coffee banana orange apple cherry pepper ginger honey sugar candy
	love loves iloveyou iloveu lovely sweet baby angel princess prince queen king family
	forever friend friends happy smile lucky heaven jesus christ god blessed
	football soccer baseball basketball hockey tennis golf liverpool arsenal chelsea
	barcelona realmadrid yankees lakers cowboys steelers
	computer internet google facebook amazon microsoft windows linux android iphone samsung
	samuel michael jordan daniel thomas andrew jessica ashley jennifer michelle nicole
	charlie george harley maggie buster shadow silver golden diamond purple yellow
	money mercedes ferrari porsche corvette mustang yamaha
	january february march april june july august september october november december
	monday tuesday wednesday thursday friday saturday sunday today
	london paris berlin america england germany france canada
	the my you me and for with this that is am it correct qwerty qwertz azerty abc xyz
`)

// keyRuns are the rows of keyboards, their columns, and rows that are typed in turn.
var keyRuns = []string{
	"1234567890", "qwertyuiop", "qwertzuiopü", "azertyuiop", "asdfghjkl;", "asdfghjklöä", "qsdfghjklm", "zxcvbnm,./", "yxcvbnm,.-", "wxcvbn",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "qazwsxedcrfvtgbyhnujmikolp", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0",
	"qawsedrftgyhujikolp", "!@#$%^&*()", "!\"§$%&/()=",
}

// disguises are the characters that people write letters with.
var disguises = map[rune]string{'0': "o", '1': "il", '3': "e", '4': "a", '5': "s", '7': "t", '8': "b", '@': "a", '$': "s", '!': "il"}

// mostJudged is how many characters are looked at: what begins so long with what is
// expected is refused, and anybody may ask.
const mostJudged = 128

// leastRun is of how many characters a run is one: fewer are anywhere.
const leastRun = 3

// guessed says whether a password is among those that are tried first, own being the
// names and addresses of whom and where it is for.
func guessed(password string, own []string) bool {
	text := []rune(strings.ToLower(password))
	text = text[:min(len(text), mostJudged)]
	words := append([]string(nil), commonWords...)
	for _, o := range own {
		words = append(words, strings.FieldsFunc(strings.ToLower(o), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })...)
	}
	before := repeated(text)
	// pieces[i] is of how few pieces the first i characters are.
	pieces := make([]int, len(text)+1)
	for i := range text {
		pieces[i+1] = len(text)
	}
	for i := range text {
		to := func(length int) { pieces[i+length] = min(pieces[i+length], pieces[i]+1) }
		to(1)
		longest := max(steady(text[i:]), keys(text[i:]), before[i])
		for n := leastRun; n <= longest; n++ {
			to(n)
		}
		if isYear(text[i:]) {
			to(4)
		}
		for _, w := range words {
			if n := reads(text[i:], w); n > 1 {
				to(n)
			}
		}
	}
	return pieces[len(text)] <= mostGuessed
}

// steady is how long text goes on as it begins: one character again and again, or
// each the next, or each the one before.
func steady(text []rune) int {
	if len(text) < 2 {
		return len(text)
	}
	step, n := text[1]-text[0], 2
	if step < -1 || step > 1 {
		return 1
	}
	for n < len(text) && text[n]-text[n-1] == step {
		n++
	}
	return n
}

// keys is how long text follows runs of keys, forwards or backwards.
func keys(text []rune) int {
	n := 2
	for n < len(text) && keyThrees[[3]rune(text[n-2:n+1])] {
		n++
	}
	return n
}

// keyThrees are the three in a row of every run, either way.
var keyThrees = func() map[[3]rune]bool {
	all := map[[3]rune]bool{}
	for _, run := range keyRuns {
		row := []rune(run)
		for at := range len(row) - 2 {
			all[[3]rune{row[at], row[at+1], row[at+2]}] = true
			all[[3]rune{row[at+2], row[at+1], row[at]}] = true
		}
	}
	return all
}()

// repeated is, for each place, how long what follows is what stands further in front
// of it already.
func repeated(text []rune) []int {
	longest := make([]int, len(text))
	// next[k] is the common length of what begins at k and at the place after i.
	next, row := make([]int, len(text)+1), make([]int, len(text)+1)
	for i := len(text) - 1; i > 0; i-- {
		for k := range i + 1 {
			row[k] = 0
			if text[i] == text[k] {
				row[k] = next[k+1] + 1
			}
			if k < i {
				longest[i] = max(longest[i], row[k])
			}
		}
		next, row = row, next
	}
	return longest
}

func isYear(text []rune) bool {
	if len(text) < 4 {
		return false
	}
	century := string(text[:2])
	return (century == "19" || century == "20") && unicode.IsDigit(text[2]) && unicode.IsDigit(text[3])
}

// reads is the length of word if text begins with it, in whatever disguise, or 0.
func reads(text []rune, word string) int {
	n := 0
	for _, c := range word {
		if n == len(text) || text[n] != c && (text[n] > '@' || !strings.ContainsRune(disguises[text[n]], c)) {
			return 0
		}
		n++
	}
	return n
}
