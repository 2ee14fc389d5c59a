package pages

import (
	"bytes"
	"crypto/rand"
	"image/png"
	"net/http"
	"net/http/httptest"
	"testing"
)

func picture(t testing.TB, id string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/picture/"+id+".png", nil)
	r.SetPathValue("file", id+".png")
	w := httptest.NewRecorder()
	ServePicture(w, r)
	return w
}

func TestPicturesFollowFromTheAccountAndDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		id := rand.Text()
		one := picture(t, id).Body.Bytes()
		if !bytes.Equal(one, picture(t, id).Body.Bytes()) {
			t.Fatal("two pictures of one account differ")
		}
		img, err := png.Decode(bytes.NewReader(one))
		if err != nil || img.Bounds().Dx() != IconSize || img.Bounds().Dy() != IconSize {
			t.Fatalf("%v, %v", img, err)
		}
		seen[string(one)] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d pictures of 20 accounts", len(seen))
	}
}

func BenchmarkPicture(b *testing.B) {
	id := rand.Text()
	for b.Loop() {
		picture(b, id)
	}
}
