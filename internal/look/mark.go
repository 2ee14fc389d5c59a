package look

// shield is the mark of the provider's pages, as SVG path data in a box of 24 by 24.
const shield = "M12 2l8.5 3v6.5c0 5-3.5 8.7-8.5 10.5-5-1.8-8.5-5.5-8.5-10.5V5z"

// Icon returns a mark as a file of its own, in a colour that goes by the scheme.
func Icon(path string, c Colour) string {
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">` +
		`<style>path{fill:` + c.Light + `}@media(prefers-color-scheme:dark){path{fill:` + c.Dark + `}}</style>` +
		`<path fill-rule="evenodd" d="` + path + `"/></svg>` + "\n"
}
