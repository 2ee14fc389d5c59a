package p384

import (
	"crypto/rand"
	"fmt"
	"testing"
)

func benchPoints(b *testing.B, n int) ([]Point, []Secret, []Scalar) {
	points, secrets, scalars := make([]Point, n), make([]Secret, n), make([]Scalar, n)
	for i := range points {
		if err := secrets[i].GenerateSecret(); err != nil {
			b.Fatal(err)
		}
		points[i] = secrets[i].MulBase()
		if err := scalars[i].SetBytes(secrets[i].AppendBytes(nil)); err != nil {
			b.Fatal(err)
		}
	}
	NormalizeAll(points)
	return points, secrets, scalars
}

func perItem(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n)/1000, "us/item")
}

func BenchmarkMulAll(b *testing.B) {
	for _, n := range []int{1, 2, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			points, secrets, _ := benchPoints(b, n)
			out := make([]Point, n)
			for b.Loop() {
				secrets[0].MulAll(out, points)
			}
			perItem(b, n)
		})
	}
}

func BenchmarkMulBase(b *testing.B) {
	_, secrets, _ := benchPoints(b, 1)
	for b.Loop() {
		secrets[0].MulBase()
	}
}

func BenchmarkMultiMul(b *testing.B) {
	for _, n := range []int{1, 2, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			points, _, scalars := benchPoints(b, n)
			for b.Loop() {
				VarTimeMultiMul(scalars, points)
			}
			perItem(b, n)
		})
	}
}

func BenchmarkHashToCurve(b *testing.B) {
	msg := make([]byte, 64)
	rand.Read(msg)
	for b.Loop() {
		HashToCurve(msg, []byte("HashToGroup-OPRFV1-\x01-P384-SHA384"))
	}
}

func BenchmarkHashToScalar(b *testing.B) {
	msg := make([]byte, 167)
	for b.Loop() {
		HashToScalar(msg, []byte("HashToScalar-OPRFV1-\x01-P384-SHA384"))
	}
}

func BenchmarkInvertAll(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			_, secrets, _ := benchPoints(b, n)
			for b.Loop() {
				InvertAll(secrets)
			}
			perItem(b, n)
		})
	}
}
