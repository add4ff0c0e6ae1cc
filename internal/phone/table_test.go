package phone_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"
)

var update = flag.Bool("update", false, "write numbering.txt anew from the library's data")

const head = `# The numbering plans of the world, from libphonenumber. Copyright (C) The Libphonenumber Authors, Apache License 2.0.
# Taken out of the Go module github.com/nyaruka/phonenumbers with "go test ./internal/phone -update"; so is a newer one.
# A line is country code, region and fields; of those that share a code the main one comes first. A field of
# numbers is lengths:pattern, without lengths where they are those of "general"; "local" are lengths without an area code.
`

// TestTheTableIsThatOfTheLibrary fails where the module has a newer table than
// we: -update takes it over.
func TestTheTableIsThatOfTheLibrary(t *testing.T) {
	want := table(t)
	if *update {
		if err := os.WriteFile("numbering.txt", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("numbering.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the table is not the library's: run go test ./internal/phone -update (- library, + ours):\n%s", diff)
	}
}

func table(t *testing.T) string {
	t.Helper()
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	plans := map[string]*phonenumbers.PhoneMetadata{} // by code and region
	for _, plan := range all.GetMetadata() {
		plans[fmt.Sprint(plan.GetCountryCode(), plan.GetId())] = plan
	}
	var b strings.Builder
	b.WriteString(head)
	lines := 0
	for _, code := range slices.Sorted(maps.Keys(phonenumbers.GetSupportedCallingCodes())) {
		for _, region := range phonenumbers.GetRegionCodesForCountryCode(code) {
			writeLine(&b, code, region, plans[fmt.Sprint(code, region)])
			lines++
		}
	}
	if lines != len(plans) {
		t.Fatalf("%d of %d plans are written", lines, len(plans))
	}
	return b.String()
}

func writeLine(b *strings.Builder, code int, region string, plan *phonenumbers.PhoneMetadata) {
	fmt.Fprintf(b, "%d\t%s", code, region)
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "\t%s=%s", name, value)
		}
	}
	numbers := func(name string, desc *phonenumbers.PhoneNumberDesc) {
		if pattern := desc.GetNationalNumberPattern(); pattern != "" && pattern != "NA" {
			field(name, lengths(desc.GetPossibleLength())+":"+pattern)
		}
	}
	field("international", plan.GetInternationalPrefix())
	field("national", plan.GetNationalPrefixForParsing())
	field("rewritten", plan.GetNationalPrefixTransformRule())
	field("leading", plan.GetLeadingDigits())
	field("local", lengths(plan.GetGeneralDesc().GetPossibleLengthLocalOnly()))
	numbers("general", plan.GetGeneralDesc())
	numbers("premium", plan.GetPremiumRate())
	numbers("toll_free", plan.GetTollFree())
	numbers("shared_cost", plan.GetSharedCost())
	numbers("voip", plan.GetVoip())
	numbers("personal", plan.GetPersonalNumber())
	numbers("pager", plan.GetPager())
	numbers("company", plan.GetUan())
	numbers("voicemail", plan.GetVoicemail())
	numbers("fixed", plan.GetFixedLine())
	if plan.GetSameMobileAndFixedLinePattern() {
		field("mobile", "fixed")
	} else {
		numbers("mobile", plan.GetMobile())
	}
	b.WriteByte('\n')
}

func lengths(all []int32) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(all), " ", ","), "[]")
}
