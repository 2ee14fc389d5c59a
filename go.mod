module github.com/bonafides-dev/bonafides

go 1.26.0

// Each direct dependency says why it is here.
require (
	filippo.io/bigmod v0.1.0 // constant-time arithmetic modulo the order of P-384
	filippo.io/nistec v0.0.4 // constant-time P-384 points
	github.com/a-h/templ v0.3.977 // typed HTML components, compiled to Go
	github.com/alexedwards/scs/v2 v2.9.0 // sessions of the relying party and the identity provider
	github.com/cloudflare/circl v1.6.5 // hash to curve; the oracle that the token code is held against
	github.com/lestrrat-go/jwx/v2 v2.1.7 // JWK sets made and published, native signing (internal/jose alone imports it)
	github.com/pressly/goose/v3 v3.29.0 // migrations of the SQL stores
	github.com/syumai/workers v0.31.0 // net/http handlers inside a Cloudflare Worker
	golang.org/x/crypto v0.58.0 // argon2id for passwords
	golang.org/x/time v0.16.0 // rate limits
	modernc.org/sqlite v1.61.1 // SQLite without C, so that one command needs only Go
)

require (
	github.com/bwesterb/go-ristretto v1.2.4 // indirect
	github.com/decred/dcrd/dcrec/secp256k1/v4 v4.4.1 // indirect
	github.com/dustin/go-humanize v1.1.0 // indirect
	github.com/goccy/go-json v0.10.6 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/lestrrat-go/blackmagic v1.0.4 // indirect
	github.com/lestrrat-go/httpcc v1.0.1 // indirect
	github.com/lestrrat-go/httprc v1.0.6 // indirect
	github.com/lestrrat-go/iter v1.0.2 // indirect
	github.com/lestrrat-go/option v1.0.1 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/mfridman/interpolate v0.0.2 // indirect
	github.com/ncruces/go-strftime v1.1.0 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/segmentio/asm v1.2.1 // indirect
	github.com/sethvargo/go-retry v0.5.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	modernc.org/libc v1.79.0 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
)
