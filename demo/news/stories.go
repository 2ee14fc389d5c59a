package news

import "time"

type story struct {
	slug, section, headline, standfirst, byline string
	body                                        []string
}

var stories = []story{
	{
		slug: "bridge", section: "Harbour",
		headline:   "Harbour bridge to reopen on Saturday, eleven days early",
		standfirst: "The crossing has been shut since March. Engineers say that the new bearings will outlast everyone who fitted them.",
		byline:     "Ines Caldwell, at the north pier",
		body: []string{
			"The first lorry will cross the harbour bridge at six on Saturday morning, loaded with ballast and driven by the woman who signed off its bearings. If the needles in the control room stay where they should, the barriers will lift for everyone else at nine.",
			"That is eleven days before the date painted on the hoardings, and it is so unusual for a public work in this town that the council has spent part of the week explaining it. The short answer is weather. The long answer is that the contractor kept a list of small things that could be done while waiting for large ones, and did them.",
			"“You lose a bridge a bolt at a time, and you win it back the same way,” said Ruth Adeyemi, the resident engineer, wiping grease on a coat that had seen a good deal of it. She has crossed on foot every evening since the deck was closed, counting.",
			"Buses 4 and 11 return to their old route with the first run on Monday. The ferry keeps its extra sailings until the end of the month, because the harbour master would like to see a full weekend of traffic before he lets the second boat go.",
			"Not all are pleased. The cafés on the ferry steps have had their best summer in a decade. “I am glad about the bridge,” said the owner of one of them. “I will be gladder in a year or so.”",
		},
	},
	{
		slug: "library", section: "Town",
		headline:   "At the library, the night desk is now the busy one",
		standfirst: "Meridian Library opened its reading room until one in the morning as a trial. Nobody has asked for it to end.",
		byline:     "Tomas Reyes",
		body: []string{
			"Between ten and midnight the reading room of Meridian Library holds more people than it does at noon. They are nurses coming off shift, students who share a flat with a drummer, and one man who says that he is finishing a novel and has said so since May.",
			"The trial was to last six weeks. The librarians, who counted by hand with a row of beans in a jar, found that they had run out of beans. The room will stay open.",
			"The library has a second service that fewer people notice. It gives its members tokens with which their browser can show other sites, this paper's letters page among them, that somebody knows them to be a person. The library does not learn where they are spent by whom, and the paper does not learn the name.",
			"“We have always vouched for people without telling on them,” said the head of lending. “That is what a reader's ticket is.”",
		},
	},
	{
		slug: "ferry", section: "Transport",
		headline:   "Winter timetable: what changes for the ferry, and when",
		standfirst: "Fewer boats at dawn, more at dusk, and an argument about Sundays.",
		byline:     "From our transport desk",
		body: []string{
			"From the first of the month the 5.40 sailing goes and the 18.10 comes back. The company says that it has counted the passengers of the early boat, and that it knew most of them by name.",
			"The Sunday question is not settled. A petition asks for boats until midnight; the crew asks who is to sail them. The council will hear both on the second Tuesday, in the small hall, with tea.",
			"Readers can say what they think in the poll on our front page. One vote counts for each visitor and each address, and only if it comes with a redemption record: we would like to hear from people.",
		},
	},
	{
		slug: "storms", section: "Weather",
		headline:   "A winter of many small storms, says the tide office",
		standfirst: "No single great one is in sight. Keep the sandbags by the door all the same.",
		byline:     "Our weather correspondent",
		body: []string{
			"The tide office has looked at the sea and at its tables, and expects this winter to come in instalments. Seven or eight lesser storms are likely between now and March, none of them worth a name.",
			"Small storms flood cellars as well as large ones if they arrive with the spring tide, and two of the likely dates are close to one. The office will ring the old bell on the customs house as before. It has also begun to send messages to telephones, for those who cannot hear bells.",
		},
	},
}

var briefs = []string{
	"The clock on the corn exchange is right again, after nine years of being right twice a day.",
	"Lost on the 11 bus: one cello. The finder is asked not to practise.",
	"The rowing club has elected its first coxswain under fourteen. She has asked for silence.",
	"High water tonight at 21.52, at 4.1 metres on the old gauge.",
}

func storyOf(slug string) (story, bool) {
	for _, s := range stories {
		if s.slug == slug {
			return s, true
		}
	}
	return story{}, false
}

func longDate(t time.Time) string { return t.Format("Monday, 2 January 2006") }
