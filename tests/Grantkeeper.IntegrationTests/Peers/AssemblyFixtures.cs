using Grantkeeper.Testing.Browser;

[assembly: AssemblyFixture(typeof(ChromiumBrowser))]
