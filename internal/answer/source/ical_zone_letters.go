package source

import (
	"strings"
	"sync"
)

// otherZones are names that neither the database nor Windows has, in the form of
// plainZone: letters that one part of the world has to itself, and the English
// names of CLDR (https://github.com/unicode-org/cldr/blob/main/common/main/en.xml,
// metazones).
var otherZones = sync.OnceValue(func() map[string]string {
	zones := make(map[string]string)
	for row := range strings.Lines(`
		UTC z
		America/Los_Angeles pst pdt pacific pacific-new
		America/Denver mdt mountain
		America/Chicago cdt central
		America/New_York edt eastern
		America/Anchorage akst akdt alaska
		America/Halifax adt
		America/St_Johns nst ndt
		America/Sao_Paulo brt brst brasilia
		America/Argentina/Buenos_Aires argentina
		America/Bogota colombia
		America/Lima peru
		America/Santiago chile
		America/Caracas venezuela
		Pacific/Honolulu hdt hawaii-aleutian
		Europe/London bst british greenwichmean
		Europe/Dublin irish
		Europe/Lisbon west westerneuropean
		Europe/Berlin cest
		Europe/Helsinki eest easterneuropean
		Europe/Moscow msk msd moscow
		Africa/Johannesburg sast southafrica
		Africa/Nairobi eat eastafrica
		Africa/Lagos wat westafrica
		Africa/Maputo centralafrica
		Asia/Dubai gulf
		Asia/Karachi pkt
		Asia/Bangkok indochina
		Asia/Jakarta wib westernindonesia
		Asia/Manila philippine
		Asia/Hong_Kong hkt hongkong
		Asia/Singapore sgt
		Asia/Seoul kst korean
		Asia/Tokyo jst japan
		Australia/Perth awst australianwestern
		Australia/Adelaide acst acdt australiancentral
		Australia/Sydney aest aedt australianeastern
		Pacific/Auckland nzst nzdt
	`) {
		names := strings.Fields(row)
		for i, name := range names {
			if i > 0 {
				zones[name], zones[name+"time"], zones[name+"standardtime"] = names[0], names[0], names[0]
			}
		}
	}
	return zones
})
