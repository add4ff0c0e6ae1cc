package entry

// The names of the members of branding, as forms change them: one by one.
const (
	FieldButtonText  = FieldBranding + ".button_text"
	FieldButtonColor = FieldBranding + ".button_color"
	FieldCompanyName = FieldBranding + ".company_name"
	FieldLogoURL     = FieldBranding + ".logo_url"
)
