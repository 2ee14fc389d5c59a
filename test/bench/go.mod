module github.com/bonafides-dev/bonafides/test/bench

go 1.26.0

require (
	github.com/bonafides-dev/bonafides v0.0.0-00010101000000-000000000000
	github.com/cloudflare/circl v1.6.5
)

require (
	filippo.io/bigmod v0.1.0 // indirect
	filippo.io/nistec v0.0.4 // indirect
	github.com/bwesterb/go-ristretto v1.2.4 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/bonafides-dev/bonafides => ../..
