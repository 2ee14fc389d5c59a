package instrument

import (
	"context"
	"fmt"
	"html"
	"io"

	"github.com/a-h/templ"

	"github.com/bonafides-dev/bonafides/wasm"
)

// Polyfill is the script tag with which a page works with tokens in browsers
// that have none, or do not know the issuer. It stands before the page's own
// scripts.
func Polyfill(o Origins) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		name, integrity, err := wasm.Script("tokens", wasm.Classic)
		if err != nil {
			return err
		}
		keeper := html.EscapeString(o.Keeper)
		_, err = fmt.Fprintf(w, `<script nonce="%s" src="%s/bonafides/%s" integrity="%s" crossorigin="anonymous" data-keeper="%s"></script>`,
			templ.GetNonce(ctx), keeper, name, integrity, keeper)
		return err
	})
}

// SignInPolyfill is the script tag with which a page signs people in by a window
// of the provider, or by redirect, in browsers without FedCM. The page's own
// server serves the files under /bonafides/; start is where the sign-in by
// redirect begins.
func SignInPolyfill(start string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		name, integrity, err := wasm.Script("fedcm", wasm.Classic)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, `<script nonce="%s" src="/bonafides/%s" integrity="%s" data-redirect="%s"></script>`,
			templ.GetNonce(ctx), name, integrity, html.EscapeString(start))
		return err
	})
}
