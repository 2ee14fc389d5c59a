package pages

import (
	"bytes"
	"crypto/sha256"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"sync"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// Pictures are drawn here, so that showing one asks no other site. They are PNG,
// since browsers take no SVG in FedCM's dialog.
const (
	IconSize    = 96 // pixels, square
	iconRows    = IconSize
	BrandFile   = "brand.png"
	BrandColour = "#6d28d9"
)

var pictureFile = regexp.MustCompile(`^([A-Z2-7]{26})\.png$`)

// ServePicture draws the picture of any account id, whether or not there is such
// an account: it follows from the id alone, so it tells nothing.
func ServePicture(w http.ResponseWriter, r *http.Request) {
	if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
		p.Write(w)
		return
	}
	var img image.Image
	file := r.PathValue("file")
	switch m := pictureFile.FindStringSubmatch(file); {
	case m != nil:
		img = drawAccount(m[1])
	case file == BrandFile:
		img = brand()
	default:
		web.NewProblem(http.StatusNotFound, "not_found", "There is no such picture.").Write(w)
		return
	}
	var b bytes.Buffer
	if err := encoder.Encode(&b, img); err != nil {
		web.NewProblem(http.StatusInternalServerError, "picture_failed", "The picture could not be drawn.").Write(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("Cache-Control", "public, max-age=86400")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // relying parties show it
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes())
	}
}

// drawAccount makes three hills under a sky, with hues and heights from the id. The
// colours of a picture fit into a palette: one of the sky for each row, the sun, the
// hills. Anybody may ask for any picture, so it must cost little.
func drawAccount(id string) image.Image {
	seed := sha256.Sum256([]byte("picture:" + id))
	hue := float64(seed[0]) / 256
	at := func(i int) float64 { return float64(seed[i]) / 255 }
	const sun, hills = iconRows, iconRows + 1 // places in the palette, after the sky
	palette := make(color.Palette, 0, iconRows+4)
	for y := range iconRows {
		palette = append(palette, hsl(hue, 0.55, 0.86-0.16*float64(y)/IconSize))
	}
	palette = append(palette, hsl(math.Mod(hue+0.45, 1), 0.75, 0.72))
	var top [3][IconSize]float64
	for hill := range top {
		h := float64(hill)
		palette = append(palette, hsl(math.Mod(hue+0.05*h, 1), 0.45, 0.58-0.14*h))
		for x := range IconSize {
			fx := float64(x) / IconSize
			top[hill][x] = 0.48 + 0.17*h + 0.09*math.Sin(2*math.Pi*(fx*(0.7+at(4+hill))+at(7+hill)))
		}
	}
	img := image.NewPaletted(image.Rect(0, 0, IconSize, IconSize), palette)
	for y := range IconSize {
		fy := float64(y) / IconSize
		row := img.Pix[y*img.Stride:]
		for x := range IconSize {
			fx := float64(x) / IconSize
			c := y
			if sx, sy := fx-0.25-0.5*at(1), fy-0.22-0.12*at(2); sx*sx+sy*sy < 0.012+0.01*at(3) {
				c = sun
			}
			for hill := range top {
				if fy > top[hill][x] {
					c = hills + hill
				}
			}
			row[x] = uint8(c)
		}
	}
	return img
}

// encoder is quick: a picture is 2 KB in any case.
var encoder = png.Encoder{CompressionLevel: png.BestSpeed}

// brand is drawn once.
var brand = sync.OnceValue(drawBrand)

// drawBrand makes a white shield on the provider's colour.
func drawBrand() image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, IconSize, IconSize))
	ground := color.NRGBA{0x6d, 0x28, 0xd9, 0xff}
	const sub = 4 // samples a side, for smooth edges
	for y := range IconSize {
		for x := range IconSize {
			in := 0
			for i := range sub * sub {
				fx := (float64(x) + (float64(i%sub)+0.5)/sub) / IconSize
				fy := (float64(y) + (float64(i/sub)+0.5)/sub) / IconSize
				if inShield(fx, fy) {
					in++
				}
			}
			mix := func(c uint8) uint8 { return uint8((int(c)*(sub*sub-in) + 255*in) / (sub * sub)) }
			img.SetNRGBA(x, y, color.NRGBA{mix(ground.R), mix(ground.G), mix(ground.B), 0xff})
		}
	}
	return img
}

// inShield says whether a point of the unit square is inside the shield.
func inShield(x, y float64) bool {
	d := math.Abs(x - 0.5)
	top := 0.2 + 0.25*d // the shoulders slope down from the middle
	width := 0.28
	if y > 0.5 {
		t := (y - 0.5) / 0.34
		if t > 1 {
			return false
		}
		width *= math.Sqrt(1 - t*t)
	}
	return y >= top && d <= width
}

// hsl converts hue, saturation and lightness, each 0 to 1.
func hsl(h, s, l float64) color.NRGBA {
	c := (1 - math.Abs(2*l-1)) * s
	channel := func(shift float64) uint8 {
		k := math.Mod(h*6+shift, 6)
		v := l - c/2 + c*math.Max(0, math.Min(1, math.Min(k, 4-k)))
		return uint8(math.Round(255 * math.Max(0, math.Min(1, v))))
	}
	// Offsets that put red at hue 0, green at 1/3, blue at 2/3.
	return color.NRGBA{channel(2), channel(0), channel(4), 0xff}
}
