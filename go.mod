module github.com/bonafides-dev/bonafides

go 1.26.0

// Each direct dependency says why it is here.
require (
	filippo.io/bigmod v0.1.0 // the group order under -tags nistec; the oracle of the tests
	filippo.io/nistec v0.0.4 // the curve under -tags nistec; the oracle of the tests
	github.com/a-h/templ v0.3.1118 // typed HTML components, compiled to Go
	github.com/alexedwards/scs/v2 v2.9.0 // the relying party's sessions
	github.com/cloudflare/circl v1.6.5 // expand_message_xmd of hash to curve in native builds; the oracle of curve and VOPRF in tests
	github.com/jackc/pgx/v5 v5.13.0 // PostgreSQL, behind database/sql, without C
	github.com/lestrrat-go/jwx/v2 v2.1.7 // JWK encoding, thumbprints and raw signatures of our own keys (internal/jose alone imports it)
	github.com/pressly/goose/v3 v3.30.1 // migrations of the SQLite stores
	github.com/syumai/workers v0.32.0 // net/http and D1 for the operator's tools inside a Cloudflare Worker
	golang.org/x/crypto v0.59.0 // argon2id for passwords
	golang.org/x/text v0.44.0 // passwords in one form of Unicode (NFC), however they are typed
	golang.org/x/time v0.16.0 // limits in the demo's newspaper
	modernc.org/sqlite v1.62.0 // SQLite without C, so that one command needs only Go
)

require (
	github.com/bwesterb/go-ristretto v1.2.4 // indirect
	github.com/decred/dcrd/dcrec/secp256k1/v4 v4.4.1 // indirect
	github.com/dustin/go-humanize v1.1.0 // indirect
	github.com/goccy/go-json v0.10.6 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/puddle/v2 v2.2.3 // indirect
	github.com/lestrrat-go/blackmagic v1.0.4 // indirect
	github.com/lestrrat-go/httpcc v1.0.1 // indirect
	github.com/lestrrat-go/httprc v1.0.6 // indirect
	github.com/lestrrat-go/iter v1.0.2 // indirect
	github.com/lestrrat-go/option v1.0.1 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/mfridman/interpolate v0.2.0 // indirect
	github.com/ncruces/go-strftime v1.1.0 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/segmentio/asm v1.2.1 // indirect
	github.com/sethvargo/go-retry v0.5.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	golang.org/x/sync v0.25.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
	modernc.org/libc v1.80.2 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
)
