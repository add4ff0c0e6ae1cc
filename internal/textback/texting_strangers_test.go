package textback_test

import (
	"fmt"
	"testing"

	"github.com/switchhook/switchhook/internal/textback"
)

// Numbers that cost whoever texts them, each as an attacker would write it.
func TestStrangersAbroadAreNotTexted(t *testing.T) {
	s := start(t, allTexts)
	for i := range 300 {
		wantXML(t, s.call(fmt.Sprintf("+22177123%04d", i), fmt.Sprint("call-", i)), hears(textback.Region))
	}
	for i, caller := range []string{
		"+870773111234", "+881612345678", "881612345678", "+88213300655", "+883510012345", "0088213300655", "011881612345678", // satellites
		"+447012345678", "+878101234567890", "+15002345678", // personal
		"+979123456789", "+80812345678", "+19005550123", "+448431234567", // that cost
		"+12125551212", "2125551212", "+18005551212", "5551212", "+14165551212", // directory assistance
	} {
		wantXML(t, s.call(caller, fmt.Sprint("odd-", i)), hears(textback.LandLine))
	}
	s.wantTexts(0)
}

// What they hear is what other numbers hear that cannot be texted.
func TestStrangersAbroadHearWhatOthersHear(t *testing.T) {
	s := start(t)
	wantXML(t, s.call("+221771234567", "call-1"), apology)
	wantXML(t, s.call("+881612345678", "call-2"), apology)
	s.wantReasons(textback.Region, textback.LandLine)
}
