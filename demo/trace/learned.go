package trace

// An Item is one thing that a party learned in this run, or could not learn.
type Item struct {
	What   string   // "the account that asked"
	Why    string   // by which message, or what keeps it away
	Values []string // the values of this run

	// For what a party could not learn: how many of its messages were searched
	// for Values, and in how many one of them was found after all. Found is 0
	// unless something is wrong, and then the page must say so.
	Searched, Found int
}
