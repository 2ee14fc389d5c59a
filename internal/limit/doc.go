// Package limit says who has to wait: those who fail too often, who ask too often,
// or who come when there is too much to do. Whoever fails makes nobody else wait.
//
// Failures counts what failed, after the verdict; SignIns is made of such counts.
// Slots caps work in flight. Rate is a token bucket by key, PerDay a count by key and
// day. Each is in memory, for one process, and holds a
// bounded number of keys (see table): a million cost the same 4 MB as 65,536.
// Nothing here reads a clock or starts a goroutine; the time is the caller's.
//
// A sign-in asks twice, first whether this one may guess, then for a place to work
// at, and says what came of it:
//
//	try, wait := signIns.Begin(limit.Attempt{Account: address, From: web.Network(addr), Device: device}, now())
//	if wait > 0 {
//		return tooMany(w, wait) // 429, Retry-After
//	}
//	defer func() { try.Void(now()) }() // unless there was a verdict
//	place, err := slots.Enter(ctx, try.Caller(), now())
//	if busy, ok := errors.AsType[*limit.Busy](err); ok {
//		return tooBusy(w, busy.After) // 503, Retry-After
//	}
//	if err != nil {
//		return err // nobody waits any more
//	}
//	right := verify(password)
//	place.Leave(now())
//	if right {
//		try.Right(now())
//	} else {
//		try.Wrong(now())
//	}
//
// A token endpoint, where looking at a code costs no more than saying no, takes from
// the bucket of the client in its network, or, for what no client sent, from that of
// the network, for what failed alone:
//
//	if failed {
//		key, rate := limit.Of("client", client.ID, network.String()), clients
//		if client == nil {
//			key, rate = limit.Of("network", network.String()), strangers
//		}
//		if wait := rate.Take(key, now()); wait > 0 {
//			return tooMany(w, wait) // instead of what was wrong
//		}
//	}
package limit
