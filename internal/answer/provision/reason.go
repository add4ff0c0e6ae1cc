package provision

import (
	"errors"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fault/why"
)

// Reason says why a step came to its outcome. Numbers in it are masked.
type Reason struct{ why.Step[ReasonCode] }

// ReasonCode says which reason it is. They are a closed set.
type ReasonCode string

// The reasons.
const (
	reasonSaid ReasonCode = "said" // an error's sentence, or one that was stored

	// Somebody else's is in the way.
	reasonUserTaken       ReasonCode = "user_taken"
	reasonUserOfService   ReasonCode = "user_of_service"
	reasonRuleApplication ReasonCode = "rule_application"
	reasonRuleAddress     ReasonCode = "rule_address"
	reasonRuleEntry       ReasonCode = "rule_entry"
	reasonRuleParameters  ReasonCode = "rule_parameters"
	reasonRuleOff         ReasonCode = "rule_off"
	reasonForwarded       ReasonCode = "forwarded"
	reasonAnswerOfForeign ReasonCode = "answer_of_foreign_user"

	// What was written is not what is there.
	reasonUserUnseen  ReasonCode = "user_unseen"
	reasonNoRuleID    ReasonCode = "no_rule_id"
	reasonConcurrent  ReasonCode = "concurrent_change"
	reasonShown       ReasonCode = "shown_otherwise"
	reasonRulePutBack ReasonCode = "rule_put_back"
	reasonRuleLost    ReasonCode = "rule_lost"
	reasonNotDeleted  ReasonCode = "not_deleted"

	// An earlier chain stays until the new one is complete.
	reasonUntilNew   ReasonCode = "until_new_chain"
	reasonNewUnseen  ReasonCode = "new_chain_unseen"
	reasonNewPartial ReasonCode = "new_chain_incomplete"

	// What was made must stay.
	reasonUserHasMore   ReasonCode = "user_has_more"
	reasonUserShared    ReasonCode = "user_shared"
	reasonUserChanged   ReasonCode = "user_changed"
	reasonRuleChanged   ReasonCode = "rule_changed"
	reasonForwardedNow  ReasonCode = "forwarded_now"
	reasonNumberLeads   ReasonCode = "number_leads"
	reasonRuleLeads     ReasonCode = "rule_leads"
	reasonNumbersUnseen ReasonCode = "numbers_unseen"
)

var reasonSentences = map[ReasonCode]string{
	reasonSaid: "$sentence",

	reasonUserTaken:       "user $user is there already and is not one for web responders",
	reasonUserOfService:   "user $user is there already, for another service: $service",
	reasonRuleApplication: "a rule for $rule is there already and leads to $application",
	reasonRuleAddress:     "a rule for $rule is there already and asks $address",
	reasonRuleEntry:       "a rule for $rule is there already and asks for another entry[: $entry]",
	reasonRuleParameters:  "a rule for $rule is there already and asks for this entry with parameters of somebody else's",
	reasonRuleOff:         "a rule for $rule is there already and is switched off",
	reasonForwarded:       "calls for user $user are forwarded to $to already",
	reasonAnswerOfForeign: "the answer rule belongs to that user and stays as it is",

	reasonUserUnseen:  "whose user $user is cannot be seen, so its answer rule stays as it is: $problem",
	reasonNoRuleID:    "the phone system gives the dial rule for $rule no id by which it could be changed",
	reasonConcurrent:  "somebody changes the $what at the same time",
	reasonShown:       "the phone system took the dial rule for $rule, but shows its $field as $value",
	reasonRulePutBack: "$problem; the rule is as it was before",
	reasonRuleLost:    "$problem; the rule before it is deleted",
	reasonNotDeleted:  "the phone system said that it deleted $what, and still has it",

	reasonUntilNew:   "$what goes on answering calls until the new chain stands",
	reasonNewUnseen:  "whether the new chain is complete cannot be seen ($problem): $what stays",
	reasonNewPartial: "the new chain is not complete ($problem): $what stays",

	reasonUserHasMore:   "user $user stays as long as what belongs to it",
	reasonUserShared:    "user $user is used by the entry $entry too",
	reasonUserChanged:   "user $user has been changed since: its $field is $value",
	reasonRuleChanged:   "the rule for $rule has been changed since and [leads to $application][asks $address]",
	reasonForwardedNow:  "calls for user $user are forwarded to $to by now",
	reasonNumberLeads:   "the number $number still leads to user $user: point it elsewhere first",
	reasonRuleLeads:     "the dial rule for $rule still leads to user $user: point it elsewhere first",
	reasonNumbersUnseen: "which numbers lead to user $user cannot be seen ($problem): delete it in the portal once none does",
}

// Sentence returns the sentence of a reason.
func (c ReasonCode) Sentence() string { return reasonSentences[c] }

// with returns a reason of the kind.
func (c ReasonCode) with(args why.Args) Reason {
	return Reason{why.Step[ReasonCode]{Code: c, Args: args}}
}

// Sentence returns a reason of which only the sentence is known.
func Sentence(text string) Reason { return reasonSaid.with(why.Args{"sentence": text}) }

// because returns the reason of an error, for people.
func because(err error) Reason {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return Sentence(e.Message)
	}
	return Sentence(err.Error())
}

// IsZero reports whether there is no reason.
func (r Reason) IsZero() bool { return r.Code == "" }

// String returns the reason's sentence. What phone systems and people wrote into
// it cannot affect a terminal.
func (r Reason) String() string {
	if r.Code == reasonSaid {
		return r.Step.String()
	}
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return unicode.ReplacementChar
	}, r.Step.String())
}

// MarshalText returns what String does.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
