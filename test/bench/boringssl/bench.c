// Measures BoringSSL's Trust Tokens (experiment v2, VOPRF: the same curve and
// the same work as Private State Tokens version 1) as Debian packages them.
// Speaks the protocol of package contender.

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/mem.h>
#include <openssl/obj.h>
#include <openssl/rand.h>
#include <openssl/trust_token.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

// BoringSSL's own hash to curve (of draft 7, with SHA-512; the map and its cost
// are those of RFC 9380). Not in its headers, but exported by this library. The
// point has three coordinates of at most nine 64-bit words.
int ec_hash_to_curve_p384_xmd_sha512_sswu_draft07(const EC_GROUP *, void *point,
    const uint8_t *dst, size_t dst_len, const uint8_t *msg, size_t msg_len);

static void must(int ok, const char *what) {
  if (!ok) {
    fprintf(stderr, "boringssl: %s failed\n", what);
    exit(1);
  }
}

static double cpu(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e9 +
         (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e3;
}

static const TRUST_TOKEN_METHOD *method;
static TRUST_TOKEN_ISSUER *issuer;
static uint8_t priv[TRUST_TOKEN_MAX_PRIVATE_KEY_SIZE], pub[TRUST_TOKEN_MAX_PUBLIC_KEY_SIZE];
static size_t priv_len, pub_len;
static EC_GROUP *group;
static EC_POINT *point, *sum;
static BIGNUM *scalar;
static uint8_t *redemption;
static size_t redemption_len;

static TRUST_TOKEN_CLIENT *new_client(void) {
  TRUST_TOKEN_CLIENT *c = TRUST_TOKEN_CLIENT_new(method, 100);
  size_t index;
  must(c != NULL, "TRUST_TOKEN_CLIENT_new");
  must(TRUST_TOKEN_CLIENT_add_key(c, &index, pub, pub_len), "TRUST_TOKEN_CLIENT_add_key");
  return c;
}

// The runs of one operation. Prepared states are used up by them.
#define MOST 4096
static TRUST_TOKEN_CLIENT *clients[MOST];
static uint8_t *requests[MOST], *responses[MOST];
static size_t request_lens[MOST], response_lens[MOST];

static void begin_one(int i, int count) {
  must(TRUST_TOKEN_CLIENT_begin_issuance(clients[i], &requests[i], &request_lens[i], count), "begin_issuance");
}
static void issue_one(int i, int from, int count) {
  size_t issued;
  must(TRUST_TOKEN_ISSUER_issue(issuer, &responses[i], &response_lens[i], &issued, requests[from],
                                request_lens[from], 1, 0, count) && issued == (size_t)count, "issue");
}
static STACK_OF(TRUST_TOKEN) *finish_one(int i) {
  size_t key;
  STACK_OF(TRUST_TOKEN) *tokens = TRUST_TOKEN_CLIENT_finish_issuance(clients[i], &key, responses[i], response_lens[i]);
  must(tokens != NULL && sk_TRUST_TOKEN_num(tokens) > 0, "finish_issuance");
  return tokens;
}
static void forget(int n) {
  for (int i = 0; i < n; i++) {
    TRUST_TOKEN_CLIENT_free(clients[i]);
    OPENSSL_free(requests[i]);
    OPENSSL_free(responses[i]);
    clients[i] = NULL;
    requests[i] = responses[i] = NULL;
  }
}

static void redeem_one(void) {
  uint32_t public_metadata;
  uint8_t private_metadata, *data;
  size_t data_len;
  TRUST_TOKEN *token;
  must(TRUST_TOKEN_ISSUER_redeem_raw(issuer, &public_metadata, &private_metadata, &token, &data, &data_len,
                                     redemption, redemption_len), "redeem_raw");
  TRUST_TOKEN_free(token);
  OPENSSL_free(data);
}

static double measure(const char *op, int count, int n) {
  double start, took;
  if (strcmp(op, "begin") == 0) {
    for (int i = 0; i < n; i++) clients[i] = new_client();
    start = cpu();
    for (int i = 0; i < n; i++) begin_one(i, count);
    took = cpu() - start;
    forget(n);
  } else if (strcmp(op, "issue") == 0) {
    clients[0] = new_client();
    begin_one(0, count);
    start = cpu();
    for (int i = 0; i < n; i++) issue_one(i, 0, count);
    took = cpu() - start;
    forget(n);
  } else if (strcmp(op, "finish") == 0) {
    for (int i = 0; i < n; i++) {
      clients[i] = new_client();
      begin_one(i, count);
      issue_one(i, i, count);
    }
    start = cpu();
    for (int i = 0; i < n; i++) sk_TRUST_TOKEN_pop_free(finish_one(i), TRUST_TOKEN_free);
    took = cpu() - start;
    forget(n);
  } else if (strcmp(op, "redeem") == 0) {
    start = cpu();
    for (int i = 0; i < n * count; i++) redeem_one();
    took = cpu() - start;
  } else if (strcmp(op, "mul") == 0) {
    start = cpu();
    for (int i = 0; i < n; i++) must(EC_POINT_mul(group, sum, NULL, point, scalar, NULL), "EC_POINT_mul");
    took = cpu() - start;
  } else if (strcmp(op, "base") == 0) {
    start = cpu();
    for (int i = 0; i < n; i++) must(EC_POINT_mul(group, sum, scalar, NULL, NULL, NULL), "EC_POINT_mul");
    took = cpu() - start;
  } else {
    static const uint8_t dst[] = "HashToGroup-OPRFV1-1-P384-SHA384";
    uint64_t out[64];
    uint8_t msg[64] = {0};
    start = cpu();
    for (int i = 0; i < n; i++) {
      memcpy(msg, &i, sizeof(i));
      must(ec_hash_to_curve_p384_xmd_sha512_sswu_draft07(group, out, dst, sizeof(dst) - 1, msg, sizeof(msg)), "hash to curve");
    }
    took = cpu() - start;
  }
  return took;
}

static struct { const char *name, *op; int count, runs; } ops[] = {
  {"begin1", "begin", 1, 1}, {"begin10", "begin", 10, 1}, {"begin100", "begin", 100, 1},
  {"issue1", "issue", 1, 1}, {"issue10", "issue", 10, 1}, {"issue100", "issue", 100, 1},
  {"finish1", "finish", 1, 1}, {"finish10", "finish", 10, 1}, {"finish100", "finish", 100, 1},
  {"redeem1", "redeem", 1, 1}, {"redeem100", "redeem", 100, 1},
  {"hash", "hash", 1, 1}, {"mul", "mul", 1, 1}, {"base", "base", 1, 1},
};
#define OPS (int)(sizeof(ops) / sizeof(ops[0]))

int main(void) {
  method = TRUST_TOKEN_experiment_v2_voprf();
  must(TRUST_TOKEN_generate_key(method, priv, &priv_len, sizeof(priv), pub, &pub_len, sizeof(pub), 1), "generate_key");
  issuer = TRUST_TOKEN_ISSUER_new(method, 100);
  must(issuer != NULL && TRUST_TOKEN_ISSUER_add_key(issuer, priv, priv_len), "TRUST_TOKEN_ISSUER_add_key");
  // A token to redeem.
  clients[0] = new_client();
  begin_one(0, 1);
  issue_one(0, 0, 1);
  STACK_OF(TRUST_TOKEN) *tokens = finish_one(0);
  must(TRUST_TOKEN_CLIENT_begin_redemption(clients[0], &redemption, &redemption_len,
      sk_TRUST_TOKEN_value(tokens, 0), (const uint8_t *)"data", 4, 0), "begin_redemption");
  sk_TRUST_TOKEN_pop_free(tokens, TRUST_TOKEN_free);
  forget(1);

  group = EC_GROUP_new_by_curve_name(NID_secp384r1);
  point = EC_POINT_new(group);
  sum = EC_POINT_new(group);
  scalar = BN_new();
  must(BN_rand_range_ex(scalar, 1, EC_GROUP_get0_order(group)), "BN_rand_range_ex");
  must(EC_POINT_mul(group, point, scalar, NULL, NULL, NULL), "EC_POINT_mul");

  printf("ops");
  for (int i = 0; i < OPS; i++) printf(" %s", ops[i].name);
  printf("\n");
  fflush(stdout);
  char name[32];
  int ms;
  while (scanf("%31s %d", name, &ms) == 2) {
    int at = 0;
    while (at < OPS && strcmp(ops[at].name, name) != 0) at++;
    must(at < OPS, "finding the operation");
    for (;;) {
      int n = ops[at].runs;
      double took = measure(ops[at].op, ops[at].count, n);
      if (took >= ms * 1e6 * 3 / 4 || n == MOST) {
        printf("%s %.1f 0\n", name, took / n / ops[at].count);
        fflush(stdout);
        break;
      }
      double next = took > 0 ? n * ms * 1e6 / took : 10 * n;
      if (next > 10 * n) next = 10 * n;
      if (next < n + 1) next = n + 1;
      ops[at].runs = next > MOST ? MOST : (int)next;
    }
  }
  return 0;
}
