package provider

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// apache is a relying party that is not ours: Apache httpd with mod_auth_openidc. What
// lies below /private needs a sign-in and says who made it.
type apache struct {
	origin string
	dir    string
	log    func() string
}

// apacheAt takes an address of this machine for an Apache that is started later: a
// provider has to know of it before.
func apacheAt(t *testing.T) *apache {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir, err := os.MkdirTemp("", "bonafides-apache") // not t.TempDir: its parent is closed to Apache's workers
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	a := &apache{origin: "http://" + l.Addr().String(), dir: dir}
	a.log = func() string {
		b, _ := os.ReadFile(filepath.Join(a.dir, "error.log"))
		return string(b)
	}
	return a
}

// redirect is the address of the module, which takes logout tokens there too.
func (a *apache) redirect() string    { return a.origin + "/private/redirect" }
func (a *apache) backChannel() string { return a.redirect() + "?logout=backchannel" }

// start runs it with the client at the issuer, until the test is over.
func (a *apache) start(t *testing.T, issuer, id, secret string) {
	t.Helper()
	httpd, err := exec.LookPath("apache2")
	if err != nil {
		if httpd, err = exec.LookPath("/usr/sbin/apache2"); err != nil {
			t.Fatalf("no apache2, which make setup installs: %v", err)
		}
	}
	const modules = "/usr/lib/apache2/modules/"
	if _, err := os.Stat(modules + "mod_auth_openidc.so"); err != nil {
		t.Fatalf("no libapache2-mod-auth-openidc, which make setup installs: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(a.dir, "www", "private"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(a.origin, "http://"), ":")
	var conf strings.Builder
	for _, m := range []string{"mpm_event", "authn_core", "authz_core", "authz_user", "dir", "alias", "auth_openidc"} {
		fmt.Fprintf(&conf, "LoadModule %s_module %smod_%s.so\n", m, modules, m)
	}
	fmt.Fprintf(&conf, `
ServerRoot "%[1]s"
PidFile "%[1]s/httpd.pid"
ErrorLog "%[1]s/error.log"
LogLevel warn auth_openidc:info
Mutex file:%[1]s
ServerName 127.0.0.1
Listen 127.0.0.1:%[2]s
ServerLimit 1
StartServers 1
MinSpareThreads 1
ThreadsPerChild 16
MaxRequestWorkers 16
DocumentRoot "%[1]s/www"
OIDCProviderMetadataURL %[3]s/.well-known/openid-configuration
OIDCClientID %[4]s
OIDCClientSecret %[5]q
OIDCRedirectURI %[6]s
OIDCCryptoPassphrase "of this run alone"
OIDCPKCEMethod S256
OIDCScope "openid profile email"
OIDCSessionType server-cache
OIDCRemoteUserClaim sub
<Location /private>
	AuthType openid-connect
	Require valid-user
</Location>
`, a.dir, port, issuer, id, secret, a.redirect())
	if os.Getuid() == 0 { // its workers must not be root
		conf.WriteString("User www-data\nGroup www-data\n")
	}
	file := filepath.Join(a.dir, "httpd.conf")
	if err := os.WriteFile(file, []byte(conf.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.dir, "www", "private", "index.html"), []byte("private\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(httpd, "-f", file, "-DFOREGROUND")
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &errs, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-over
		if t.Failed() {
			t.Logf("apache2: %s\n%s", &errs, a.log())
		}
	})
	for range 200 {
		c, err := net.Dial("tcp", strings.TrimPrefix(a.origin, "http://"))
		if err == nil {
			c.Close()
			return
		}
		select {
		case err := <-over:
			over <- err
			t.Fatalf("apache2 ended: %v\n%s\n%s", err, &errs, a.log())
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("apache2 does not listen: %s\n%s", &errs, a.log())
}

// isIn tells whether the page behind the module opens without being sent anywhere.
func (b *browser) isIn(a *apache) bool {
	b.t.Helper()
	here := *b.http
	here.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := here.Get(a.origin + "/private/")
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	switch {
	case res.StatusCode == http.StatusOK && string(body) == "private\n":
		return true
	case res.StatusCode == http.StatusFound && strings.Contains(res.Header.Get("Location"), "response_type=code"):
		return false
	}
	b.t.Fatalf("%d to %q: %s\n%s", res.StatusCode, res.Header.Get("Location"), body, a.log())
	return false
}

// signInAt must end at the page behind the module.
func (b *browser) signInAt(a *apache) {
	b.t.Helper()
	at, body := b.open(a.origin + "/private/")
	if !strings.HasPrefix(at.String(), a.origin) || body != "private\n" {
		b.t.Fatalf("ended at %s: %s\n%s", at, body, a.log())
	}
}

// One person signs in at two sites, ours and one with mod_auth_openidc, and out at the
// provider: it tells both, and both let the person go. Who is signed in there in another
// browser stays, at both.
func TestOneBackChannelLogoutEndsBothSites(t *testing.T) {
	other := apacheAt(t)
	var issuer string
	const otherID, otherSecret = "wiki", "another secret of 32 characters at least"
	s := newSite(t, func(a addresses) (string, string, string) {
		ours := a.client()
		issuer = oidcProvider(t, noPushed, ours, client{
			"client_id": otherID, "client_secret": otherSecret, "redirect_uris": []string{other.redirect()},
			"grant_types": []string{"authorization_code"}, "response_types": []string{"code"},
			"backchannel_logout_uri": other.backChannel(), "backchannel_logout_session_required": true,
		})
		return issuer, ours["client_id"].(string), ours["client_secret"].(string)
	}, nil)
	other.start(t, issuer, otherID, otherSecret)

	ada, elsewhere := s.browser(), s.browser()
	for _, b := range []*browser{ada, elsewhere} {
		b.signIn()
		if b.isIn(other) {
			t.Fatal("in at the other site without a sign-in")
		}
		b.signInAt(other)
		if !b.isIn(other) {
			t.Fatalf("not in after signing in\n%s", other.log())
		}
	}
	ada.open(issuer + "/session/end")
	if who := ada.who(); who != "nobody" {
		t.Errorf("signed out at the provider, and at our site still %s\n%s", who, &s.log)
	}
	if ada.isIn(other) {
		t.Errorf("signed out at the provider, and at the other site still in\n%s", other.log())
	}
	if who := elsewhere.who(); who != "ada" {
		t.Errorf("in a session that did not end: %s at our site", who)
	}
	if !elsewhere.isIn(other) {
		t.Error("in a session that did not end: out at the other site")
	}
}
