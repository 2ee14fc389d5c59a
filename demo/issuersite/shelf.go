package issuersite

type book struct{ title, author, where string }

var newBooks = []book{
	{"The Salt Roads", "N. Ibarra", "History, 2nd floor"},
	{"Bees in Winter", "H. Lund", "Nature, ground floor"},
	{"Nine Bridges", "R. Adeyemi", "Engineering, 3rd floor"},
	{"The Quiet Machine", "T. Sorensen", "Computing, 3rd floor"},
	{"A Field of Umbrellas", "C. Duarte", "Novels, ground floor"},
}
