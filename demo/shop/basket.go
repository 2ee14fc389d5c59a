package shop

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/look"
	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

type product struct {
	key, name, text string
	pence           int
}

var products = []product{
	{"mug", "Harbour mug", "Sea-grey glaze, holds a long morning", 1800},
	{"bowl", "Breakfast bowl", "Wide, shallow, speckled like an egg", 2400},
	{"teapot", "Small teapot", "For two, or for one with patience", 5200},
	{"vase", "Reed vase", "Tall enough for one honest branch", 3900},
	{"plate", "Supper plate", "Iron rim, thrown flat, stacks well", 2200},
	{"jug", "Milk jug", "Pours without a drip; we checked", 2600},
}

func productOf(key string) (product, bool) {
	for _, p := range products {
		if p.key == key {
			return p, true
		}
	}
	return product{}, false
}

// price writes pence as pounds.
func price(pence int) string {
	return "£" + strconv.Itoa(pence/100) + "." + strconv.Itoa(pence%100/10) + strconv.Itoa(pence%10)
}

const (
	basketCookie = "kiln-basket"
	maxOfOne     = 9
)

// A basket holds how many of each product. It lives in the visitor's own
// cookie, "mug.2-bowl.1": the shop remembers nothing of people who only look.
type basket map[string]int

// basketOf reads the cookie. Whatever it does not know it leaves out.
func basketOf(r *http.Request) basket {
	b := basket{}
	cs := r.CookiesNamed(basketCookie)
	if len(cs) != 1 || len(cs[0].Value) > 256 {
		return b
	}
	for _, part := range strings.Split(cs[0].Value, "-") {
		key, n, ok := strings.Cut(part, ".")
		count, err := strconv.Atoi(n)
		if _, known := productOf(key); ok && known && err == nil && count >= 1 && count <= maxOfOne {
			b[key] = count
		}
	}
	return b
}

func (b basket) String() string {
	var parts []string
	for _, p := range products { // in one order
		if n := b[p.key]; n > 0 {
			parts = append(parts, p.key+"."+strconv.Itoa(n))
		}
	}
	return strings.Join(parts, "-")
}

func (b basket) count() (n int) {
	for _, c := range b {
		n += c
	}
	return n
}

func (b basket) total() (pence int) {
	for key, n := range b {
		p, _ := productOf(key)
		pence += p.pence * n
	}
	return pence
}

func setBasket(w http.ResponseWriter, r *http.Request, b basket) {
	c := &http.Cookie{Name: basketCookie, Value: b.String(), Path: "/", HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil, MaxAge: 7 * 24 * 3600}
	if len(b) == 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// change sets how many of a product are in the basket, or adds one.
func (s *site) change(w http.ResponseWriter, r *http.Request) {
	form, p := web.ReadForm(w, r, 256)
	if p != nil {
		p.Write(w)
		return
	}
	b := basketOf(r)
	key := form.Get("product")
	if _, ok := productOf(key); !ok {
		web.NewProblem(http.StatusBadRequest, "product_unknown", "The shop has no such thing. Choose one from its window.").Write(w)
		return
	}
	back := "/basket"
	switch form.Get("change") {
	case "add":
		if b[key] >= maxOfOne {
			web.NewProblem(http.StatusConflict, "too_many", "We make nine of one kind at a time. Your basket has them all.").Write(w)
			return
		}
		b[key]++
		if form.Get("from") == "window" {
			back = "/#" + key
		}
	case "less":
		if b[key]--; b[key] <= 0 {
			delete(b, key)
		}
	case "remove":
		delete(b, key)
	default:
		web.NewProblem(http.StatusBadRequest, "change_unknown", "Say what to do: add, less or remove.").Write(w)
		return
	}
	setBasket(w, r, b)
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		writeCount(w, b, key)
		return
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

func writeCount(w http.ResponseWriter, b basket, key string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(`{"count":` + strconv.Itoa(b.count()) + `,"of":` + strconv.Itoa(b[key]) + "}\n"))
}

// order takes the basket, from people who are signed in.
func (s *site) order(w http.ResponseWriter, r *http.Request) {
	if _, p := web.ReadForm(w, r, 256); p != nil {
		p.Write(w)
		return
	}
	v := s.visit(r)
	switch {
	case len(v.basket) == 0:
		kit.Render(w, r, http.StatusConflict, s.basketPage(v, look.Outcome{State: kit.Refused, Title: "The basket is empty.", Text: "Put something in first."}), s.policy())
	case v.user == nil:
		kit.Render(w, r, http.StatusForbidden, s.basketPage(v, look.Outcome{State: kit.Refused, Title: "Sign in to order.",
			Text: "We write your name on the parcel, so we need to know it. Your basket stays as it is."}), s.policy())
	default:
		setBasket(w, r, basket{})
		ordered := v.basket
		v.basket = basket{}
		kit.Render(w, r, http.StatusOK, s.thanksPage(v, ordered), s.policy())
	}
}
