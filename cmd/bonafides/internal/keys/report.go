package keys

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/issuer"
)

func keysReport() cli.Command {
	c := cli.Command{
		Name:     "keys report",
		Synopsis: "-dir FOLDER",
		About: "Shows the keys of a folder, of an issuer, a provider and a gate: which one signs,\n" +
			"      which comes next, and how long the others must stay. It writes nothing and shows\n" +
			"      no secrets.",
	}
	c.Run = func(t cli.Terminal, args []string) int {
		f := cli.Flags(t, c)
		dir := f.String("dir", "", "`folder` with the keys (required)")
		if code, ok := cli.Parse(f, args); !ok {
			return code
		}
		switch {
		case f.NArg() != 0:
			return cli.Fail(t, cli.Usage, "keys report takes only flags, not %q", f.Arg(0))
		case *dir == "":
			return cli.Fail(t, cli.Usage, "keys report needs -dir FOLDER, the one that bonafides keys new wrote")
		}
		found := false
		for _, one := range files() {
			path := filepath.Join(*dir, one.name)
			text, err := readSecret(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return cli.Fail(t, cli.Refused, "%v", err)
			}
			found = true
			fmt.Fprintf(t.Out, "%s\n", path)
			if code := one.show(t, text, t.Now().UTC()); code != cli.OK {
				return code
			}
		}
		if !found {
			return cli.Fail(t, cli.Refused, "there are no keys in %s. Make them with: bonafides keys new -dir %s", *dir, *dir)
		}
		return cli.OK
	}
	return c
}

func tokenFile() ringFile {
	return ringFile{owner: forIssuer, name: tokenKeysFile, kind: keyring.Token, retired: "its tokens are redeemed",
		read: func(text string) (keyring.Ring, []string, error) {
			keys, err := exchange.ParseKeys(text)
			if err != nil {
				return keyring.Ring{}, nil, err
			}
			return keys.Ring(), make([]string, len(keys.Ring().Keys)), nil
		}}
}

func recordFile() ringFile {
	return ringFile{owner: forIssuer, name: recordKeyFile, kind: keyring.Record, retired: "its records are checked with it",
		read: func(text string) (keyring.Ring, []string, error) {
			ring, _, err := keyring.Read(keyring.Record, text)
			if err == nil {
				_, _, err = issuer.ParseRecordKeys(text)
			}
			if err != nil {
				return ring, nil, err
			}
			ids := make([]string, len(ring.Keys))
			for i, k := range ring.Keys {
				if word, retired := strings.CutPrefix(k.Text, keyring.Public); retired {
					public, err := base64.StdEncoding.DecodeString(word)
					if err != nil {
						return ring, nil, err
					}
					ids[i] = exchange.RecordKeyID(public)
					continue
				}
				one, err := keyring.Ring{Kind: keyring.Record, Keys: []keyring.Key{{ID: k.ID, State: keyring.Current, Text: k.Text}}}.Text()
				if err != nil {
					return ring, nil, err
				}
				_, public, err := issuer.ParseRecordKeys(one)
				if err != nil {
					return ring, nil, err
				}
				ids[i] = exchange.RecordKeyID(public[0])
			}
			return ring, ids, nil
		}}
}
