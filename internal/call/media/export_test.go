package media

// MachineNetwork returns the default of Config.Network, for a Pool whose clock is
// that of a test.
func MachineNetwork() Network { return machineNetwork{} }
