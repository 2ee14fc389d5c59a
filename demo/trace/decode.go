package trace

// requestFields decodes what is in the request beyond its headers.
func (m *message) requestFields(kind string) []Field {
	out := m.queryFields()
	switch kind {
	case KindIssue:
		out = append(out, m.tokenRequest()...)
	case KindRedeem:
		out = append(out, m.redemption()...)
	case KindRecord:
		out = append(out, m.recordSent()...)
		out = append(out, bodyFields(m.header, m.body, m.bodySize)...)
	case KindAssertion, KindPopupAnswer:
		out = append(out, m.assertionRequest()...)
	case KindSignIn:
		out = append(out, m.signInRequest()...)
	default:
		out = append(out, bodyFields(m.header, m.body, m.bodySize)...)
	}
	return describe(kind, out)
}

// answerFields decodes the answer.
func (m *message) answerFields(kind string) []Field {
	var out []Field
	switch kind {
	case KindIssue:
		out = m.tokenAnswer()
	case KindRedeem:
		out = m.redemptionAnswer()
	case KindAssertion:
		out = m.assertionAnswer()
	case KindPopup, KindPopupAnswer:
		out = m.popupMessage()
	case KindToken:
		out = m.tokenEndpointAnswer()
	}
	if len(out) == 0 {
		out = bodyFields(m.answerHeader, m.answer, m.answerSize)
	}
	return describe(kind, out)
}
