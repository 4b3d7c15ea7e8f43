package app

// SetUpgrades has programs that are made from now on know these upgrades, until restore is called.
func SetUpgrades(list ...Upgrade) (restore func()) {
	kept := upgrades
	upgrades = list
	return func() { upgrades = kept }
}
